import type { EpochMs } from '../lib/clock.ts';
import type { SqlValue, Store } from '../store/types.ts';
import type { CrlInfo } from './types.ts';

/** A row of the table `crls`: the CRL in force of one issuer, and the generation that holds its entries. */
export interface CrlRow extends Record<string, SqlValue> {
  issuer_key: string;
  issuer_name: string;
  generation: number;
  number: string | null;
  this_update: EpochMs;
  next_update: EpochMs;
  imported_at: EpochMs;
  source: string;
  digest: string;
  entries: number;
}

/** The columns of `crls`, as a SELECT over the alias `c` names them. */
export const crlColumns =
  'c.issuer_key, c.issuer_name, c.generation, c.number, c.this_update, c.next_update, c.imported_at, c.source, c.digest, c.entries';

/** The CRL in force under an issuer's key (SHA-256 of its SubjectPublicKeyInfo, hex). */
export function readCrlRow(store: Store, issuerKey: string): CrlRow | undefined {
  return store.prepare<CrlRow>(`SELECT ${crlColumns} FROM crls c WHERE c.issuer_key = ?`).get(issuerKey);
}

/** Makes this row the CRL in force of its issuer. Within a transaction. */
export function writeCrlRow(store: Store, row: CrlRow): void {
  store
    .prepare(
      `INSERT OR REPLACE INTO crls (issuer_key, issuer_name, generation, number, this_update, next_update,
         imported_at, source, digest, entries) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(
      row.issuer_key,
      row.issuer_name,
      row.generation,
      row.number,
      row.this_update,
      row.next_update,
      row.imported_at,
      row.source,
      row.digest,
      row.entries,
    );
}

/** A row as the other rooms see it. */
export function crlInfo(row: CrlRow): CrlInfo {
  return {
    issuerKey: row.issuer_key,
    issuerName: row.issuer_name,
    ...(row.number !== null && { number: row.number }),
    thisUpdate: row.this_update,
    nextUpdate: row.next_update,
    importedAt: row.imported_at,
    source: row.source,
    digest: row.digest,
    entries: row.entries,
  };
}
