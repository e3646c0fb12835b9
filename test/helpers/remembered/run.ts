/** One run: a copy of the fleet's store, a clock, what decides, and everything that steps need to go on from. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { loadConfig } from '../../../src/config/load.ts';
import { formatInstant, parseInstant } from '../../../src/lib/clock.ts';
import type { EpochMs } from '../../../src/lib/clock.ts';
import { createTrustedClock, earliestPossible } from '../../../src/lib/trusted-time.ts';
import type { TrustedClock } from '../../../src/lib/trusted-time.ts';
import { configuredBundle } from '../../../src/server/bundles/bundle-file.ts';
import { openStore } from '../../../src/store/open.ts';
import { copyStore } from '../../../src/store/snapshot.ts';
import type { Store } from '../../../src/store/types.ts';
import { fakeClock } from '../fake-clock.ts';
import type { FakeClock } from '../fake-clock.ts';
import { day, worldTime } from '../world.ts';
import type { CaName } from '../world-pki.ts';
import type { Answered, Said } from './ask.ts';
import type { Fleet } from './fleet.ts';
import { createLearning } from './learning.ts';
import type { Learning } from './learning.ts';
import { makePair } from './pair.ts';
import type { Pair } from './pair.ts';
import type { Asked } from './requests.ts';
import { applySettings } from './settings.ts';
import type { Chosen, SettingName, Settled } from './settings.ts';

/** Decisions that are not the same; `message` says in what. */
export class Difference extends Error {}

/** The last list of a CA. */
export interface LastCrl {
  readonly number: number;
  /** The last full one's. */
  readonly base: number;
}

export interface Run {
  readonly fleet: Fleet;
  readonly clock: FakeClock;
  readonly trusted: TrustedClock;
  readonly tolerance: { ms: number };
  /** Another connection to the store than any that decides. */
  readonly writer: Store;
  readonly path: string;
  readonly pair: Pair;
  readonly learning: Learning;
  readonly requests: readonly Asked[];
  /** Those of the requests that this run makes. */
  asking: readonly Asked[];
  /** Moments at which something may begin or end. */
  readonly moments: Set<EpochMs>;
  /** Those of them that steps have set, the latest last. */
  readonly ends: EpochMs[];
  readonly chosen: Map<SettingName, Chosen>;
  readonly crls: Map<CaName, LastCrl>;
  readonly holds: string[];
  /** What was done so far, for whoever reads of a difference. */
  readonly done: string[];
  /** Loads what was chosen, as the file of the configuration has it. */
  readonly load: () => ReturnType<typeof loadConfig>;
  readonly close: () => void;
}

export async function startRun(fleet: Fleet, requests: readonly Asked[]): Promise<Run> {
  const { world } = fleet;
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-remembered-'));
  mkdirSync(join(folder, 'ca'));
  for (const name of ['ca', 'lab.jwks', 'devices.ndjson'])
    cpSync(join(world.folder, name), join(folder, name), { recursive: true });
  const path = join(folder, 'state.db');
  copyStore(world.deps.store, path);
  const clock = fakeClock(worldTime);
  const file = join(folder, 'portreeve.yaml');
  const text = readFileSync(world.configFile, 'utf8');
  const chosen = new Map<SettingName, Chosen>();
  const load = () => {
    const document = JSON.parse(text) as Settled;
    applySettings(document, chosen);
    writeFileSync(file, JSON.stringify(document));
    return loadConfig(file, clock.now());
  };
  const config = load();
  const writer = openStore({ path, mode: 'read_write', now: clock.now(), clock });
  const learning = createLearning(writer);
  const tolerance = { ms: config.time.tolerance };
  const kept = { kept: earliestPossible, confirmed: earliestPossible };
  const trusted = createTrustedClock(clock, kept, () => tolerance.ms);
  const bundle = await configuredBundle(config);
  const pair = await makePair({ clock, trusted, config, bundle, onDecision: learning.note });
  const done: string[] = [];
  return {
    ...{ fleet, clock, trusted, tolerance, writer, path, pair, learning, requests, chosen, load, done },
    asking: requests,
    moments: new Set(),
    ends: [],
    crls: new Map(),
    holds: [],
    close: () => {
      pair.close();
      writer.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Decides with both; throws a Difference where they do not say the same, and notes every moment that they speak of. */
export async function compare(run: Run, ...all: readonly Asked[]): Promise<readonly Answered[]> {
  const { kept, anew, uses } = run.pair;
  const before = uses();
  const answered: Answered[] = [];
  for (const asked of all) answered.push(await kept(asked));
  const expected = await anew(all, before);
  for (const [index, asked] of all.entries()) {
    const [is, wanted] = [answered[index], expected[index]] as [Answered, Answered];
    if (!isDeepStrictEqual(plain(is.said), plain(wanted.said)))
      throw new Difference(describeDifference(run, asked, is.said, wanted.said));
    noteMoments(wanted.made, run.moments);
  }
  return answered;
}

/** Decides with what is kept alone, so that it remembers everything that there is to remember. */
export async function warm(run: Run): Promise<void> {
  for (const asked of run.asking) await run.pair.kept(asked);
}

/** JSON has neither undefined members nor prototypes. */
function plain(said: Said): unknown {
  return JSON.parse(JSON.stringify(said));
}

function describeDifference(run: Run, { name }: Asked, is: Said, expected: Said): string {
  return [
    `"${name}" at ${formatInstant(run.clock.now())}, what is kept against what is true:`,
    ...differences(plain(is), plain(expected), '').slice(0, 20),
    'after:',
    ...run.done.map((line) => `  ${line}`),
  ].join('\n');
}

function differences(a: unknown, b: unknown, path: string): readonly string[] {
  if (isDeepStrictEqual(a, b)) return [];
  if (typeof a === 'object' && typeof b === 'object' && a !== null && b !== null) {
    const [one, other] = [a, b] as [Record<string, unknown>, Record<string, unknown>];
    const names = new Set([...Object.keys(one), ...Object.keys(other)]);
    return [...names].flatMap((name) => differences(one[name], other[name], `${path}/${name}`));
  }
  return [`  ${path}: ${short(a)} ≠ ${short(b)}`];
}

function short(value: unknown): string {
  return (JSON.stringify(value) ?? 'absent').slice(0, 160);
}

/** Facts and decisions name the times by which they may change; whatever looks like one of the world's counts. */
function noteMoments(value: unknown, moments: Set<EpochMs>): void {
  if (typeof value === 'object' && value !== null)
    for (const member of Object.values(value)) noteMoments(member, moments);
  const at = typeof value === 'string' ? parseInstant(value) : value;
  if (typeof at === 'number' && Math.abs(at - worldTime) < 60 * day) moments.add(at);
}
