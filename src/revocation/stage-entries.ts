import type { EpochMs } from '../lib/clock.ts';
import { beginGeneration, stageRows } from '../store/generation.ts';
import type { Store } from '../store/types.ts';
import type { CrlEntry } from './crl-entries.ts';
import type { CrlRow } from './crl-table.ts';
import type { ParsedCrl } from './parse-crl.ts';
import { serialBytes } from './reader.ts';
import { reasonNumbers } from './reasons.ts';

/** Entries of a CRL, staged and not yet visible, compared with those of the CRL in force. */
export interface StagedEntries {
  readonly generation: number;
  /** Different serial numbers on the list. */
  readonly entries: number;
  readonly added: number;
  readonly removed: number;
}

/** Begins the generation of one issuer's next CRL. */
export function beginEntries(store: Store, issuerKey: string, now: EpochMs): number {
  return beginGeneration(store, 'crl', now, issuerKey);
}

/**
 * Stages a CRL's entries in short transactions. Throws what reading the entries throws; the generation is then
 * the caller's to retire.
 */
export async function stageEntries(
  store: Store,
  generation: number,
  crl: ParsedCrl,
  current: CrlRow | undefined,
): Promise<StagedEntries> {
  let entries = 0;
  let kept = 0;
  const insert = entryWriter(store, generation);
  const before = store.prepare('SELECT 1 FROM revoked WHERE generation = ? AND serial = ?');
  await stageRows(store, generation, crl.entries(), (entry) => {
    const serial = serialBytes(entry.serial);
    if (!insert(serial, entry)) return;
    entries += 1;
    if (current && before.get(current.generation, serial)) kept += 1;
  });
  return { generation, entries, added: entries - kept, removed: (current?.entries ?? 0) - kept };
}

/** Writes one entry; false where the serial number was there already. */
function entryWriter(store: Store, generation: number): (serial: Uint8Array, entry: CrlEntry) => boolean {
  const insert = store.prepare(
    'INSERT INTO revoked (generation, serial, revoked_at, reason) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
  );
  // A serial number listed twice counts once; whatever comes after a hold outweighs it.
  const outweigh = store.prepare(
    'UPDATE revoked SET revoked_at = ?, reason = ? WHERE generation = ? AND serial = ? AND reason = ?',
  );
  return (serial, { revokedAt, reason }) => {
    if (insert.run(generation, serial, revokedAt, reason).changes === 1) return true;
    outweigh.run(revokedAt, reason, generation, serial, reasonNumbers.certificateHold);
    return false;
  };
}
