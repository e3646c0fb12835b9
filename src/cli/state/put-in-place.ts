import { chmodSync, chownSync, copyFileSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Config } from '../../config/types.ts';
import type { Clock } from '../../lib/clock.ts';
import { describeThrown, PortreeveError } from '../../lib/errors.ts';
import type { KeptTime } from '../../lib/trusted-time.ts';
import { fileState } from '../../store/file-state.ts';
import { readKeptTime } from '../../store/kept-time.ts';
import { openStore } from '../../store/open.ts';
import { placeStore, replaceStore } from '../../store/replace.ts';
import { continueCopy, newestChange } from '../../store/snapshot.ts';
import type { Store } from '../../store/types.ts';
import { goingBack, type GoingBack } from './going-back.ts';
import { removeLeavings } from './leavings.ts';
import { snapshotNames } from './manifest.ts';
import type { Unpacked } from './unpack.ts';

export interface PlaceOptions {
  readonly config: Config;
  /** Folder with what was unpacked and verified. */
  readonly staging: string;
  readonly unpacked: Unpacked;
  /** The snapshot, for people. */
  readonly path: string;
  /** Also where something goes back. */
  readonly force: boolean;
  readonly clock: Clock;
  readonly actor: string;
  readonly why: string;
  /** Called once it is clear that nothing stands against it, before anything is replaced. */
  readonly onJudged: () => void;
}

export interface Placed {
  readonly instance: string;
  /** Number of the change that the restore is. */
  readonly epoch: number;
  /** What stood there before; null where nothing did, or nothing that could be read. */
  readonly replaced: { readonly instance: string; readonly sequence: number } | null;
  readonly wentBack: readonly GoingBack[];
}

/** A restore that is refused because of what would go back. */
export class StateOlder extends PortreeveError {
  readonly going_back: readonly GoingBack[];

  constructor(path: string, wouldGoBack: readonly GoingBack[]) {
    const lines = wouldGoBack.slice(0, 50).map(({ kind, what }) => `${kind}: ${what}`);
    super(
      'PDP_STATE_OLDER',
      `${path} lacks what is known here; nothing was changed. --force --why restores it all the same, and then ` +
        `these go back: ${lines.join('; ')}`,
    );
    this.going_back = wouldGoBack;
  }
}

/** What is known of the state that is there. */
interface Judged {
  readonly instance: string;
  readonly sequence: number;
  readonly time: KeptTime | undefined;
  readonly back: readonly GoingBack[];
}

/** How often the state may change between judging and replacing it. */
const mostRounds = 5;

/**
 * Puts an unpacked state where the configuration has it, judged against what is there at that very moment. The instance
 * stays only where the state that is replaced is of the same one: else the first may still be in use, and an instance and
 * the number of a change must not mean two things. Throws StateOlder (PDP_STATE_OLDER) where something would go back
 * without `force`, PDP_STORE_UNAVAILABLE where nobody can tell, or the state cannot be replaced.
 */
export function putInPlace(options: PlaceOptions): Placed {
  const { config, staging, clock, onJudged } = options;
  const by = moveBeside(join(staging, snapshotNames.state), config.state.path);
  try {
    for (let round = 0; round < mostRounds; round += 1) {
      const judged = judge(options, by);
      if (judged && judged.back.length > 0 && !options.force) throw new StateOlder(options.path, judged.back);
      if (round === 0) onJudged();
      let placed: Placed | undefined;
      const finish = (): void => {
        placed = { ...continued(options, by, judged), wentBack: judged?.back ?? [] };
      };
      const { path } = config.state;
      if (!judged) placeStore({ path, by, finish });
      else if (!replaceStore({ path, by, clock, expected: judged.sequence, finish })) continue;
      if (placed) return placed;
    }
    throw new PortreeveError(
      'PDP_STORE_UNAVAILABLE',
      `store ${config.state.path}: it was changed again and again while it was compared; nothing was replaced: try again`,
    );
  } finally {
    for (const ending of ['', '-wal', '-shm']) rmSync(`${by}${ending}`, { force: true });
  }
}

/** Renames are of one volume only; the folder may be new. */
function moveBeside(from: string, path: string): string {
  const start = `${basename(path)}.restore-`;
  const to = join(dirname(path), `${start}${process.pid}`);
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o750 });
    removeLeavings(dirname(path), start);
    try {
      renameSync(from, to);
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'EXDEV') throw thrown;
      copyFileSync(from, to);
    }
    giveRights(to, path);
    return to;
  } catch (thrown) {
    throw new PortreeveError('PDP_STORE_UNAVAILABLE', `store ${path}: ${describeThrown(thrown)}`, {
      cause: thrown,
    });
  }
}

/** The owner and rights of the file that was there, or the folder's owner: who restores may not be who serves. */
function giveRights(to: string, path: string): void {
  const before = statSync(path, { throwIfNoEntry: false });
  const { uid, gid } = before ?? statSync(dirname(path));
  chmodSync(to, before ? before.mode & 0o777 : 0o640);
  const own = statSync(to);
  if (own.uid !== uid || own.gid !== gid) chownSync(to, uid, gid);
}

/** Undefined where there is nothing, or with `force` nothing that can be read. */
function judge({ config, clock, force }: PlaceOptions, by: string): Judged | undefined {
  const { path } = config.state;
  if (!fileState(path)) return undefined;
  let there: Store;
  try {
    there = openStore({ path, mode: 'read_only', now: clock.now() });
  } catch (thrown) {
    if (force) return undefined;
    throw new PortreeveError(
      'PDP_STORE_UNAVAILABLE',
      `what would go back cannot be told: ${describeThrown(thrown)}. Mend that, move the file away, or give --force --why`,
      { cause: thrown },
    );
  }
  try {
    return withOpen(by, clock, (copy) =>
      there.snapshot(() => ({
        ...{ instance: there.instance, sequence: newestChange(there), time: readKeptTime(there) },
        back: goingBack(there, copy, clock.now()),
      })),
    );
  } finally {
    there.close();
  }
}

function continued(
  { unpacked, path, clock, actor, why, force }: PlaceOptions,
  by: string,
  judged: Judged | undefined,
): Omit<Placed, 'wentBack'> {
  const { manifest, digest, verified } = unpacked;
  const replaced = judged ? { instance: judged.instance, sequence: judged.sequence } : null;
  const done = withOpen(by, clock, (copy) =>
    continueCopy(copy, {
      above: judged?.sequence ?? 0,
      newInstance: replaced?.instance !== manifest.instance,
      time: judged?.time,
      change: (instance) => ({
        ...{ tenant: 'default', at: clock.now(), actor, why, kind: 'state.restore', selector: path },
        detail: {
          ...{ manifest_sha256: digest, verified, taken_at: manifest.taken_at, forced: force },
          ...{ former_instance: manifest.instance, former_sequence: manifest.sequence, instance, replaced },
          going_back: counted(judged?.back ?? []),
        },
      }),
    }),
  );
  return { ...done, replaced };
}

/** Things and what they stand for, by kind. */
function counted(back: readonly GoingBack[]): object {
  const kinds = [...new Set(back.map(({ kind }) => kind))];
  return Object.fromEntries(
    kinds.map((kind) => {
      const all = back.filter((one) => one.kind === kind);
      return [kind, { things: all.length, count: all.reduce((sum, { count }) => sum + count, 0) }];
    }),
  );
}

/** Closed again, it is one file: what was written has been moved out of its log. */
function withOpen<T>(path: string, clock: Clock, work: (store: Store) => T): T {
  const store = openStore({ path, mode: 'read_write', now: clock.now() });
  try {
    return work(store);
  } finally {
    store.close();
  }
}
