import type { Config } from '../../config/types.ts';
import type { Clock } from '../../lib/clock.ts';
import { describeThrown } from '../../lib/errors.ts';
import type { KeptStats } from '../../lib/kept.ts';
import { readSharedKeys } from '../../inventory/observed/board.ts';
import { createKeyUses } from '../../inventory/observed/key-uses.ts';
import type { LearntOf } from '../../inventory/observed/memory.ts';
import type { Observation, SharedKey } from '../../inventory/observed/types.ts';
import { createObservedWriter } from '../../inventory/observed/write.ts';
import type { Store } from '../../store/types.ts';
import { isLockedOut } from '../../store/write-lock.ts';

/** What workers are told of what all of them have learnt together. */
export interface Learnt {
  /** Keys that are used in several places. */
  readonly shared: readonly SharedKey[];
  /** Devices of which something is known now that was not before. */
  readonly devices: readonly LearntOf[];
}

export interface ObservedOptions {
  readonly store: Store;
  /** One that a leap does not carry off: what is older than `observed.keep` by it is deleted. */
  readonly clock: Clock;
  readonly config: () => Pick<Config, 'observed' | 'shared_use'>;
  readonly higher: (version: string, known: string) => boolean;
  readonly tell: (learnt: Learnt) => void;
  /** Told how many observations and uses of shared keys were not kept. */
  readonly onDropped: (count: number) => void;
  readonly log: (line: string) => void;
}

/** What all workers learn, brought together. */
export interface Observed {
  /** Takes what a worker observed, and how many it had to leave out. */
  take(observations: readonly Observation[], dropped: number): void;
  /** For a worker that starts. */
  shared(): readonly SharedKey[];
  /** How what is remembered of all keys stands. */
  kept(): readonly KeptStats[];
  stop(): void;
}

/** Sharing is told after so long at most, what is learnt is written so often, and a write takes so long at most (ms). */
const [tellMs, writeMs, budgetMs] = [10, 250, 10];
/** The last write may take so long: nothing is written after it (ms). */
const lastBudgetMs = 2000;
const pruneMs = 60_000;

/** Observations that may wait to be written; beyond that they are dropped and counted. */
const mostWaiting = 20_000;
/** Certificates whose last written sight is remembered, so that repeated sights cost no look-up. */
const mostRemembered = 50_000;
/** What a decision is dated ahead of what is known by more than that is dated by a clock that leapt: not learnt from (ms). */
const aheadMs = 60_000;
/** Rows that are pruned at once. */
const pruneRows = 500;

/**
 * Starts to keep what workers observe. Uses of keys are judged in memory and told at once; rows are written in short
 * transactions, at most four a second. Nobody waits for any of it: where the store cannot be written, observations are
 * dropped and counted, and decisions go on.
 */
export function startObserved(options: ObservedOptions): Observed {
  const { store, clock, config, tell, onDropped, log } = options;
  const uses = createKeyUses(() => config().shared_use.window);
  const writer = createObservedWriter(store, {
    intervalMs: () => config().observed.interval,
    certificatesPerDevice: () => config().observed.certificates_per_device,
    higher: options.higher,
  });
  const since = (): number => clock.now() - config().shared_use.window;
  const remembered = new Map<string, number>();
  let waiting: Observation[] = [];
  /** Not told yet, and not written yet. */
  let [toTell, toWrite] = [new Map<string, SharedKey>(), new Map<string, SharedKey>()];
  let telling: NodeJS.Timeout | undefined;
  let failing = false;

  const guarded = (act: () => void, lost: () => number): void => {
    try {
      act();
      failing = false;
    } catch (thrown) {
      // What waits for the lock goes on waiting; only what is too much is dropped.
      if (!isLockedOut(thrown)) onDropped(lost());
      if (!failing) log(`what decisions learn is not kept: ${describeThrown(thrown)}`);
      failing = true;
    }
  };
  const tellShared = (): void => {
    telling = undefined;
    tell({ shared: [...toTell.values()], devices: [] });
    toTell = new Map();
  };
  const isAhead = ({ at }: Observation): boolean => at > clock.now() + aheadMs;
  const isNews = (observation: Observation): boolean => {
    if (!observation.allowed && observation.firmware === null) return false;
    const name = nameOf(observation);
    const last = remembered.get(name);
    if (last !== undefined && Math.abs(observation.at - last) < config().observed.interval) return false;
    if (remembered.size >= mostRemembered) remembered.clear();
    remembered.set(name, observation.at);
    return true;
  };
  const unwritten = (): number => waiting.length + toWrite.size;
  const write = (mostMs = budgetMs): void => {
    if (unwritten() === 0) return;
    const devices: LearntOf[] = [];
    let done = 0;
    guarded(
      () => {
        store.transact(() => {
          // From here on: what it takes to come by the lock is no reason to write nothing.
          const until = clock.monotonic() + mostMs;
          writer.writeShared([...toWrite.values()]);
          do {
            const observation = waiting[done++];
            if (observation && writer.write(observation)) devices.push(learntOf(observation));
          } while (done < waiting.length && clock.monotonic() < until);
        });
        waiting = waiting.slice(done);
        toWrite = new Map();
        if (devices.length > 0) tell({ shared: [], devices });
      },
      () => {
        const lost = unwritten();
        for (const observation of waiting) remembered.delete(nameOf(observation));
        waiting = [];
        toWrite = new Map();
        return lost;
      },
    );
  };
  const prune = (): void =>
    guarded(
      () => void writer.prune(clock.now() - config().observed.keep, pruneRows),
      () => 0,
    );

  guarded(
    () => uses.restore(readSharedKeys(store, since())),
    () => 0,
  );
  const timers = [setInterval(() => write(), writeMs), setInterval(prune, pruneMs)];
  return {
    take: (observations, dropped) => {
      let lost = dropped;
      for (const observation of observations) {
        if (isAhead(observation)) continue;
        const shared = observation.vouching ? undefined : uses.note(observation);
        if (shared) {
          const name = `${shared.tenant}\0${shared.key}`;
          toTell.set(name, shared);
          toWrite.set(name, shared);
        }
        if (!isNews(observation)) continue;
        if (waiting.length < mostWaiting) waiting.push(observation);
        else {
          // The next sight of it is to be news again.
          remembered.delete(nameOf(observation));
          lost += 1;
        }
      }
      if (lost > 0) onDropped(lost);
      if (toTell.size > 0) telling ??= setTimeout(tellShared, tellMs);
    },
    shared: () => uses.shared(since()),
    kept: () => [uses.stats()],
    stop: () => {
      clearTimeout(telling);
      for (const timer of timers) clearInterval(timer);
      write(lastBudgetMs);
      if (unwritten() > 0) onDropped(unwritten());
      waiting = [];
      toWrite = new Map();
    },
  };
}

/**
 * One certificate of one device with one firmware. A claim of a hash is no measurement of it, and what a hash stands for
 * is another version once the catalogue says so: each is learnt by itself, whichever the device shows first.
 */
function nameOf({ tenant, device_id: id, certificate, firmware, allowed }: Observation): string {
  const runs = firmware && [
    ...[firmware.firmware_hash, firmware.product, firmware.version],
    String(firmware.attested),
  ];
  return [tenant, id, certificate.fingerprint, String(allowed), ...(runs ?? [])].join('\0');
}

function learntOf({ tenant, device_id }: Observation): LearntOf {
  return { tenant, device_id };
}
