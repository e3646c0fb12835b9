import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { systemClock, type Clock, type EpochMs } from '../lib/clock.ts';
import { stageBudgetMs } from './generation.ts';
import type { Store } from './types.ts';

/** `generations.kind` of a tenant's first import of devices: it supersedes nothing, and does not note what it names. */
export const firstImportKind = 'device.first_import';

/** A staged generation that has shown no life for so many milliseconds is abandoned. */
export const abandonedAfterMs = 60_000;
const rowsAtOnce = 200;
const gapMs = 5;

/** What tells whether the process behind a staged generation still lives. */
export interface GenerationOwner {
  readonly heartbeat_at: EpochMs;
  readonly host: string;
  readonly pid: number;
}

/** Whether nobody will finish this staged generation: no heartbeat for long, or its process on this host is gone. */
export function isAbandoned(owner: GenerationOwner, now: EpochMs): boolean {
  if (now - owner.heartbeat_at > abandonedAfterMs) return true;
  return owner.host === hostname() && !processLives(owner.pid);
}

/** Whether `sweepRetired` would find something to do. Reads only. Throws PDP_STORE_UNAVAILABLE. */
export function isSweepDue(store: Store, clock: Clock = systemClock): boolean {
  return sweepable(store).length > 0 || stagedBy(store).some((owner) => isAbandoned(owner, clock.now()));
}

/** Retires every staged generation that is abandoned; their rows go with the next sweep. Answers how many. */
export function retireAbandoned(store: Store, clock: Clock = systemClock): number {
  return store.transact(() => {
    const dead = stagedBy(store).filter((owner) => isAbandoned(owner, clock.now()));
    for (const { generation } of dead) {
      store.prepare(`UPDATE generations SET state = 'retired' WHERE generation = ?`).run(generation);
    }
    return dead.length;
  });
}

function stagedBy(store: Store): (GenerationOwner & { readonly generation: number })[] {
  return store
    .prepare<GenerationOwner & { generation: number }>(
      `SELECT generation, heartbeat_at, host, pid FROM generations WHERE state = 'staging'`,
    )
    .all();
}

/**
 * Removes what nobody reads any more (rows of retired and abandoned generations, device rows that a later import
 * superseded) in transactions of at most `stageBudgetMs` with the lock free between them, for about `budgetMs`.
 * Answers how many rows went; what is left is taken up by the next call, of whichever process.
 */
export async function sweepRetired(
  store: Store,
  budgetMs: number,
  clock: Clock = systemClock,
): Promise<number> {
  const end = clock.monotonic() + budgetMs;
  retireAbandoned(store, clock);
  let removed = 0;
  const ends: Ends = new Map();
  for (;;) {
    const batch = sweepBatch(store, ends, clock);
    removed += batch;
    if (batch === 0 || clock.monotonic() >= end) return removed;
    await pause(gapMs);
  }
}

/** How far a sweep has gone through the devices for the sake of a generation. */
type Ends = Map<number, string>;

/** One short transaction of sweeping; 0 when nothing was left to do. */
function sweepBatch(store: Store, ends: Ends, clock: Clock): number {
  return store.transact(() => {
    const deadline = clock.monotonic() + stageBudgetMs * 0.8;
    let removed = 0;
    for (const retired of sweepable(store)) {
      const { generation, state } = retired;
      for (;;) {
        const step =
          state === 'retired' ? sweepRetiredRows(store, retired, ends) : settleDevices(store, generation);
        removed += step;
        if (step === 0) break;
        if (clock.monotonic() >= deadline) return removed;
      }
      if (state === 'retired') removed += forget(store, generation);
    }
    return removed;
  }, 'bulk');
}

interface Sweepable extends Record<string, string | number> {
  readonly generation: number;
  readonly state: 'visible' | 'retired';
  readonly kind: string;
  readonly scope: string;
}

function sweepable(store: Store): Sweepable[] {
  return store
    .prepare<Sweepable>(
      `SELECT generation, state, kind, scope FROM generations g
       WHERE state = 'retired'
          OR (state = 'visible' AND EXISTS (SELECT 1 FROM staged_devices s WHERE s.generation = g.generation))`,
    )
    .all();
}

/** Removes up to a batch of a retired generation's rows. */
function sweepRetiredRows(store: Store, retired: Sweepable, ends: Ends): number {
  const { generation } = retired;
  if (retired.kind === firstImportKind) return sweepFirstImport(store, retired, ends);
  const revoked = store
    .prepare(
      `DELETE FROM revoked WHERE generation = ?1 AND serial IN
         (SELECT serial FROM revoked WHERE generation = ?1 LIMIT ${rowsAtOnce})`,
    )
    .run(generation).changes;
  return (
    revoked +
    eachStaged(store, generation, (tenant, deviceId) => {
      store
        .prepare('DELETE FROM devices WHERE tenant = ? AND device_id = ? AND generation = ?')
        .run(tenant, deviceId, generation);
      store
        .prepare('DELETE FROM device_history WHERE tenant = ? AND device_id = ? AND generation = ?')
        .run(tenant, deviceId, generation);
    })
  );
}

/**
 * Goes through a batch of a tenant's devices, from where the batch before ended, and removes the rows of a first import
 * that was given up; nothing notes which they are. Answers 0 at the end.
 */
function sweepFirstImport(store: Store, { generation, scope: tenant }: Sweepable, ends: Ends): number {
  const after = ends.get(generation) ?? '';
  const last = store
    .prepare<{ device_id: string }>(
      `SELECT device_id FROM devices WHERE tenant = ? AND device_id > ? ORDER BY device_id LIMIT ${rowsAtOnce}`,
    )
    .all(tenant, after)
    .at(-1)?.device_id;
  if (last === undefined) return 0;
  ends.set(generation, last);
  const { changes } = store
    .prepare('DELETE FROM devices WHERE tenant = ? AND device_id > ? AND device_id <= ? AND generation = ?')
    .run(tenant, after, last, generation);
  return Math.max(1, changes);
}

/** Removes up to a batch of the device rows that a visible generation superseded. */
function settleDevices(store: Store, generation: number): number {
  return eachStaged(store, generation, (tenant, deviceId) => {
    store
      .prepare(
        `DELETE FROM devices WHERE tenant = ?1 AND device_id = ?2 AND generation IN
           (SELECT generation FROM generations WHERE state = 'visible' AND visible_epoch <
             (SELECT visible_epoch FROM generations WHERE generation = ?3))
         AND EXISTS (SELECT 1 FROM devices WHERE tenant = ?1 AND device_id = ?2 AND generation = ?3)`,
      )
      .run(tenant, deviceId, generation);
    // A row that took the device away has no more to hide.
    store
      .prepare(
        "DELETE FROM devices WHERE tenant = ? AND device_id = ? AND generation = ? AND status = 'removed'",
      )
      .run(tenant, deviceId, generation);
  });
}

function eachStaged(
  store: Store,
  generation: number,
  remove: (tenant: string, deviceId: string) => void,
): number {
  const rows = store
    .prepare<{ tenant: string; device_id: string }>(
      `SELECT tenant, device_id FROM staged_devices WHERE generation = ? LIMIT ${rowsAtOnce}`,
    )
    .all(generation);
  for (const { tenant, device_id } of rows) {
    remove(tenant, device_id);
    store
      .prepare('DELETE FROM staged_devices WHERE generation = ? AND device_id = ?')
      .run(generation, device_id);
  }
  return rows.length;
}

function forget(store: Store, generation: number): number {
  return store.prepare(`DELETE FROM generations WHERE generation = ?`).run(generation).changes;
}

/** Signal 0 only asks; a process of another user answers EPERM and lives. */
function processLives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM';
  }
}
