/**
 * A worker's point of decision that is kept for a whole run, with everything that it remembers, beside a model that is
 * put together anew for every single decision: another configuration object, another connection to the store, other
 * trust, policy and doors. What both are given alike is what is no memory of theirs: clock, store, which attestation
 * results were used.
 */
import { createAttestationUses } from '../../../src/attestation/replay-memory.ts';
import type { AttestationUse, AttestationUses } from '../../../src/attestation/replay-memory.ts';
import type { Config } from '../../../src/config/types.ts';
import { createSharedBoard } from '../../../src/inventory/observed/board.ts';
import type { SharedBoard } from '../../../src/inventory/observed/board.ts';
import type { SharedKey } from '../../../src/inventory/observed/types.ts';
import type { TrustedClock } from '../../../src/lib/trusted-time.ts';
import type { MadeDecision } from '../../../src/decision/types.ts';
import type { PortreeveError } from '../../../src/lib/errors.ts';
import { composeDecision } from '../../../src/server/compose.ts';
import type { Composition } from '../../../src/server/compose.ts';
import type { BundleFile } from '../../../src/server/bundles/bundle-file.ts';
import { keptOf } from '../../../src/server/worker/kept.ts';
import { holdComposition } from '../../../src/server/worker/live-composition.ts';
import type { Learnt } from '../../../src/server/worker/observed.ts';
import { readFiles } from '../../../src/server/material.ts';
import type { Material } from '../../../src/server/material.ts';
import type { FakeClock } from '../fake-clock.ts';
import { createAsk } from './ask.ts';
import type { Ask, Answered } from './ask.ts';
import type { Asked } from './requests.ts';

export interface Pair {
  /** Decides by what is kept. */
  readonly kept: Ask;
  /** Decides each of these, which all come at the same time, by what was read and made for them alone. */
  readonly anew: (all: readonly Asked[], uses: number) => Promise<readonly Answered[]>;
  /** How many uses of attestation results the kept one has noted; the model is told of the first so many. */
  readonly uses: () => number;
  /** What the parent tells its workers; the model hears all of it at its begin. */
  readonly learn: (learnt: Learnt) => void;
  /** Puts another configuration in force, as a reload does; the bundle stays. */
  readonly reload: (config: Config) => Promise<void>;
  /** Puts another bundle in force; answers why not where it is refused. */
  readonly exchange: (bundle: BundleFile) => Promise<PortreeveError | undefined>;
  /** Names of those memories of the kept one in which something was found so far. */
  readonly found: () => ReadonlySet<string>;
  readonly config: () => Config;
  readonly close: () => void;
}

export interface PairOptions {
  readonly clock: FakeClock;
  readonly trusted: TrustedClock;
  readonly config: Config;
  readonly bundle: BundleFile;
  /** Told of every decision of the kept one. */
  readonly onDecision: (made: MadeDecision) => void;
}

export async function makePair({ clock, trusted, bundle, ...options }: PairOptions): Promise<Pair> {
  const noted: AttestationUse[] = [];
  const attestationUses = notingUses(noted);
  const board = createSharedBoard();
  const told: SharedKey[] = [];
  const recorder = { append: async () => undefined };
  let material: Material = { ...readFiles(options.config), bundle };
  const common = { recorder, clock, trusted: () => trusted, mode: 'read_only' } as const;
  const compose = (config: Config, before?: Composition): Promise<Composition> =>
    composeDecision(config, { ...common, ...(before && { before }), attestationUses, board, material });
  const live = holdComposition(await compose(options.config), options.onDecision);
  const found = new Set<string>();
  // A reload and an exchange begin some memories anew, and their counts.
  const noteFound = (): void => {
    for (const { name, hits } of keptOf(live.current().deps)) if (hits > 0) found.add(name);
  };
  const anew: Pair['anew'] = async (all, uses) => {
    const config = structuredClone(live.current().config);
    const model = await composeDecision(config, {
      ...common,
      attestationUses: notingUses([], noted.slice(0, uses)),
      board: boardWith(told),
      material: structuredClone(material),
    });
    try {
      const live = holdComposition(model, () => undefined);
      const ask = createAsk(live, clock);
      const answered: Answered[] = [];
      for (const asked of all) answered.push(await ask(asked));
      return answered;
    } finally {
      model.close();
    }
  };
  return {
    kept: createAsk(live, clock),
    anew,
    uses: () => noted.length,
    learn: ({ shared, devices }) => {
      told.push(...shared);
      board.note(shared);
      live.current().observed.forget(devices);
    },
    reload: async (config) => {
      material = { ...readFiles(config), bundle: material.bundle };
      noteFound();
      live.replace(await compose(config, live.current()));
    },
    exchange: async (next) => {
      noteFound();
      const error = await live.current().usePolicy(next);
      if (!error) material = { ...material, bundle: next };
      return error;
    },
    found: () => {
      noteFound();
      return found;
    },
    config: () => live.current().config,
    close: () => live.current().close(),
  };
}

function boardWith(keys: readonly SharedKey[]): SharedBoard {
  const board = createSharedBoard();
  board.note(keys);
  return board;
}

/** Uses that begin with those, and write what is noted into the list. */
function notingUses(noted: AttestationUse[], first: readonly AttestationUse[] = []): AttestationUses {
  const uses = createAttestationUses();
  for (const use of first) uses.note(use);
  return {
    ...uses,
    note: (use) => {
      noted.push(use);
      uses.note(use);
    },
  };
}
