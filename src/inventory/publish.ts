import { publishGeneration } from '../store/generation.ts';
import type { Store } from '../store/types.ts';
import { currentRow, removedStatus, type DeviceContent } from './device-rows.ts';
import { editKinds, keepingEdits } from './edited.ts';
import { staysUnnamed } from './lifecycle.ts';
import type { Staging } from './stager.ts';
import type { Tally } from './tally.ts';

/** Edits that one transaction takes over; a thousand hold the lock for about 20 ms. */
const editsAtOnce = 1000;
const shownIds = 5;

/** Who imported what, for the row in `changes`. */
export interface ImportNote {
  readonly actor: string;
  readonly why: string;
  /** File or other source, for people. */
  readonly source: string;
  readonly rows: number;
}

/**
 * Makes a staged import visible by one short commit, whatever its size, and answers the epoch. Devices that were
 * edited since the import began keep what was edited; where there were very many such edits they are
 * taken over in transactions of their own first, so that the last one stays short.
 */
export function publishImport(store: Store, staging: Staging, tally: Tally, note: ImportNote): number {
  const kept = new Set<string>();
  let seen = staging.baseEpoch;
  for (;;) {
    const edits = store.transact(() => keepEdits(store, staging, seen, kept));
    if (edits.count < editsAtOnce) break;
    seen = edits.last;
  }
  return store.transact(() => {
    keepEdits(store, staging, seen, kept);
    const epoch = store.change({
      tenant: staging.tenant,
      at: staging.now,
      actor: note.actor,
      why: note.why,
      kind: 'device.import',
      selector: note.source,
      detail: {
        rows: note.rows,
        ...tally.counts,
        first_added: tally.first.added,
        first_changed: tally.first.changed,
        first_removed: tally.first.removed,
        first_kept_status: tally.first.kept_status,
        first_kept_ended: tally.first.kept_ended,
        kept_out: tally.keptOut.devices,
        kept_edits: kept.size,
        first_kept: [...kept].slice(0, shownIds),
      },
    });
    publishGeneration(store, staging.generation, epoch);
    return epoch;
  });
}

/**
 * Writes what was edited after `since` over what is staged. A device that is being taken away goes all the same, unless
 * its status is now one that a whole inventory does not take away.
 */
function keepEdits(
  store: Store,
  staging: Staging,
  since: number,
  kept: Set<string>,
): { readonly count: number; readonly last: number } {
  const { tenant, generation } = staging;
  const edits = store
    .prepare<{ epoch: number; selector: string; kind: string }>(
      `SELECT epoch, selector, kind FROM changes WHERE epoch > ? AND kind IN (?, ?) AND tenant = ?
       ORDER BY epoch LIMIT ?`,
    )
    .all(since, ...editKinds, tenant, editsAtOnce);
  const read = currentRow(store);
  const stagedRow = store.prepare<DeviceContent>(
    'SELECT status, class, body FROM devices WHERE tenant = ? AND device_id = ? AND generation = ?',
  );
  const overlay = store.prepare(
    'UPDATE devices SET status = ?, body = ? WHERE tenant = ? AND device_id = ? AND generation = ?',
  );
  for (const { selector: deviceId, kind } of edits) {
    const current = read(tenant, deviceId);
    const staged = stagedRow.get(tenant, deviceId, generation);
    if (current === undefined || staged === undefined) continue;
    if (staged.status === removedStatus) {
      if (!staysUnnamed(current.status)) continue;
      for (const table of ['devices', 'device_history'])
        store
          .prepare(`DELETE FROM ${table} WHERE tenant = ? AND device_id = ? AND generation = ?`)
          .run(tenant, deviceId, generation);
      kept.add(deviceId);
      continue;
    }
    const { status, body } = keepingEdits(deviceId, staged, current, new Set([kind]));
    overlay.run(status, body, tenant, deviceId, generation);
    kept.add(deviceId);
  }
  return { count: edits.length, last: edits.at(-1)?.epoch ?? since };
}
