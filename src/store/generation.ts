import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { systemClock, type Clock, type EpochMs } from '../lib/clock.ts';
import { PortreeveError } from '../lib/errors.ts';
import { localOrigin } from './change-log.ts';
import type { Store } from './types.ts';

/**
 * Bulk work: rows are staged under a generation that nobody reads, in transactions short enough that an urgent
 * change waits for one of them at most, and become visible by one short commit. A generation that is left
 * behind by a killed process is found by its heartbeat or its process and swept (see sweep.ts).
 */

/** Milliseconds that one staging transaction may hold the write lock, commit included: whoever disables a device waits for one. */
export const stageBudgetMs = 30;
/** Milliseconds that the lock stays free between two transactions; waiting writers try once a millisecond. */
const gapMs = 5;
const rowsInHand = 4096;

/**
 * Begins a generation in a transaction of its own (or the caller's) and answers its number. `scope` tells apart
 * what may be staged side by side (a tenant, an issuer). `base_epoch` is the epoch that the work starts from.
 */
export function beginGeneration(
  store: Store,
  kind: string,
  now: EpochMs,
  scope = '',
  clock: Clock = systemClock,
): number {
  return store.transact(() => {
    const base = store.epochs()[localOrigin] ?? 0;
    return store
      .prepare(
        `INSERT INTO generations (kind, scope, state, started_at, base_epoch, heartbeat_at, host, pid)
         VALUES (?, ?, 'staging', ?, ?, ?, ?, ?)`,
      )
      .run(kind, scope, now, base, clock.now(), hostname(), process.pid).lastInsertRowid;
  });
}

/**
 * Stages rows by calling `insert` for each within transactions of at most `stageBudgetMs`, yielding to the event
 * loop and leaving the write lock free between them. Answers how many rows there were. What `insert` throws ends
 * it; the batches before stay staged and invisible. PDP_STORE_UNAVAILABLE where the generation was swept meanwhile.
 */
export async function stageRows<T>(
  store: Store,
  generation: number,
  rows: Iterable<T> | AsyncIterable<T>,
  insert: (row: T) => void,
  clock: Clock = systemClock,
  onBatch?: (rowsSoFar: number) => void,
): Promise<number> {
  return stageBlocks(store, generation, inBlocks(rows), insert, clock, onBatch);
}

/** As `stageRows`, of rows that come many at a time. */
export async function stageBlocks<T>(
  store: Store,
  generation: number,
  blocks: AsyncIterable<readonly T[]>,
  insert: (row: T) => void,
  clock: Clock = systemClock,
  onBatch?: (rowsSoFar: number) => void,
): Promise<number> {
  let count = 0;
  let freeSince = -Infinity;
  for await (const block of blocks) {
    let done = 0;
    while (done < block.length) {
      // While the next rows were read the lock was free already.
      const free = clock.monotonic() - freeSince;
      if (free < gapMs) await pause(gapMs - free);
      const staged = stageBatch(store, generation, block, done, insert, clock);
      freeSince = clock.monotonic();
      done += staged;
      count += staged;
      onBatch?.(count);
    }
  }
  return count;
}

async function* inBlocks<T>(rows: Iterable<T> | AsyncIterable<T>): AsyncGenerator<readonly T[]> {
  let hand: T[] = [];
  for await (const row of rows) {
    hand.push(row);
    if (hand.length < rowsInHand) continue;
    yield hand;
    hand = [];
  }
  if (hand.length > 0) yield hand;
}

/** Stages from `hand[start]` on until the budget is spent; answers how many rows went in (at least one). */
function stageBatch<T>(
  store: Store,
  generation: number,
  hand: readonly T[],
  start: number,
  insert: (row: T) => void,
  clock: Clock,
): number {
  return store.transact(() => {
    // A fifth of the budget is kept for the commit, which writes and syncs the log.
    const deadline = clock.monotonic() + stageBudgetMs * 0.8;
    touchGeneration(store, generation, clock);
    let index = start;
    do {
      insert(hand[index] as T);
      index += 1;
    } while (index < hand.length && clock.monotonic() < deadline);
    return index - start;
  }, 'bulk');
}

/** Shows that the generation's process lives. PDP_STORE_UNAVAILABLE where it is no longer being staged. */
export function touchGeneration(store: Store, generation: number, clock: Clock = systemClock): void {
  const { changes } = store
    .prepare(`UPDATE generations SET heartbeat_at = ? WHERE generation = ? AND state = 'staging'`)
    .run(clock.now(), generation);
  if (changes === 0) throw takenForDead(store, generation);
}

/** Makes a staged generation visible as of `epoch`. Within the transaction that records the change. */
export function publishGeneration(store: Store, generation: number, epoch: number): void {
  const { changes } = store
    .prepare(
      `UPDATE generations SET state = 'visible', visible_epoch = ? WHERE generation = ? AND state = 'staging'`,
    )
    .run(epoch, generation);
  if (changes === 0) throw takenForDead(store, generation);
}

/** Gives a generation up, staged or superseded: nobody reads it from this commit on, and the sweep removes its rows. */
export function retireGeneration(store: Store, generation: number): void {
  store.transact(() => {
    store.prepare(`UPDATE generations SET state = 'retired' WHERE generation = ?`).run(generation);
  });
}

function takenForDead(store: Store, generation: number): PortreeveError {
  return new PortreeveError(
    'PDP_STORE_UNAVAILABLE',
    `store ${store.path}: generation ${generation} is no longer being staged (it stood still for too long and was ` +
      `swept); nothing of it became visible: run the import again`,
  );
}
