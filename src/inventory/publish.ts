import { publishGeneration } from '../store/generation.ts';
import type { Store } from '../store/types.ts';
import { currentRow } from './device-rows.ts';
import { setStatusKind } from './edit.ts';
import type { Staging, Tally } from './stager.ts';

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
 * Makes a staged import visible by one short commit, whatever its size, and answers the epoch. Devices whose
 * status was edited since the import began keep the edited status; where there were very many such edits they are
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
        added: tally.added,
        changed: tally.changed,
        unchanged: tally.unchanged,
        first_added: tally.firstAdded,
        first_changed: tally.firstChanged,
        kept_out: tally.keptOut.devices,
        kept_edits: kept.size,
        first_kept: [...kept].slice(0, shownIds),
      },
    });
    publishGeneration(store, staging.generation, epoch);
    return epoch;
  });
}

/** Writes the present status of devices edited after `since` over the staged one. */
function keepEdits(
  store: Store,
  staging: Staging,
  since: number,
  kept: Set<string>,
): { readonly count: number; readonly last: number } {
  const { tenant, generation } = staging;
  const edits = store
    .prepare<{ epoch: number; selector: string }>(
      'SELECT epoch, selector FROM changes WHERE epoch > ? AND kind = ? AND tenant = ? ORDER BY epoch LIMIT ?',
    )
    .all(since, setStatusKind, tenant, editsAtOnce);
  const read = currentRow(store);
  const overlay = store.prepare(
    'UPDATE devices SET status = ? WHERE tenant = ? AND device_id = ? AND generation = ?',
  );
  for (const { selector: deviceId } of edits) {
    const current = read(tenant, deviceId);
    if (current === undefined) continue;
    if (overlay.run(current.status, tenant, deviceId, generation).changes > 0) kept.add(deviceId);
  }
  return { count: edits.length, last: edits.at(-1)?.epoch ?? since };
}
