import type { Store } from '../store/types.ts';
import { crlColumns, readCrlRow, type CrlRow } from './crl-table.ts';
import { hexValue } from './delta.ts';

/** A CRL in force in one state of which another one has an older issue, or none. */
export interface OlderCrl {
  readonly issuer_name: string;
  readonly issuer_key: string;
  readonly scope: string;
  readonly delta: boolean;
  readonly number: string | null;
  /** What the other state has; null where it has none. */
  readonly older: { readonly number: string | null; readonly this_update: number } | null;
  /** Entries that the other state does not list. */
  readonly unlisted: number;
}

/**
 * CRLs in force in `before` that `after` lacks or has an older issue of: by number (RFC 5280 section 5.2.3), and by
 * thisUpdate where the numbers tell nothing. Looks up each of their entries. Throws PDP_STORE_UNAVAILABLE.
 */
export function olderCrls(before: Store, after: Store): readonly OlderCrl[] {
  const rows = before
    .prepare<CrlRow>(
      `SELECT ${crlColumns} FROM crls c ORDER BY c.issuer_name, c.issuer_key, c.scope, c.delta`,
    )
    .all();
  return rows.flatMap((row) => {
    const { issuer_key: issuerKey, scope, issuer_name, number } = row;
    const delta = row.delta === 1;
    const issuer = { key: row.issuer, text: issuer_name };
    const other = readCrlRow(after, { issuerKey, issuer, scope, delta });
    if (other && !isOlder(other, row)) return [];
    const older = other ? { number: other.number, this_update: other.this_update } : null;
    const unlisted = countUnlisted(before, row.generation, after, other?.generation);
    return [{ issuer_name, issuer_key: issuerKey, scope, delta, number, older, unlisted }];
  });
}

function isOlder(other: CrlRow, row: CrlRow): boolean {
  if (other.number !== null && row.number !== null) {
    const [a, b] = [hexValue(other.number), hexValue(row.number)];
    if (a !== b) return a < b;
  }
  return other.this_update < row.this_update;
}

function countUnlisted(before: Store, generation: number, after: Store, other: number | undefined): number {
  const find = after.prepare('SELECT 1 FROM revoked WHERE generation = ? AND serial = ?');
  const entries = before.prepare<{ serial: Uint8Array }>('SELECT serial FROM revoked WHERE generation = ?');
  let unlisted = 0;
  for (const { serial } of entries.iterate(generation))
    if (other === undefined || find.get(other, serial) === undefined) unlisted += 1;
  return unlisted;
}
