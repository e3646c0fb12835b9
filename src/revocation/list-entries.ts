import type { EpochMs } from '../lib/clock.ts';
import type { Store } from '../store/types.ts';
import { crlColumns, crlInfo, type CrlRow } from './crl-table.ts';
import { entryKey, otherIssuerOctets, readEntryKey } from './entry-key.ts';
import { reasonName } from './reasons.ts';
import type { CrlInfo } from './types.ts';

/** An entry of a CRL in force, for people. */
export interface ListedEntry {
  /** Lower-case hex. */
  readonly serial: string;
  readonly revokedAt: EpochMs;
  /** RFC 5280 reason name. */
  readonly reason: string;
  /** Of an indirect CRL: a certificate of another issuer than the CRL's own. */
  readonly ofOther: boolean;
}

/** A CRL in force with some of its entries. */
export interface ListedCrl {
  readonly crl: CrlInfo;
  readonly entries: readonly ListedEntry[];
}

interface Row {
  serial: Uint8Array;
  revoked_at: number;
  reason: number;
}

/**
 * The CRLs in force under an issuer's key (SHA-256 of its SubjectPublicKeyInfo, hex), each with its first `limit` entries
 * in the order of their serial numbers, or, where `serial` (lower-case hex) is given, that one of any issuer. Throws
 * PDP_STORE_UNAVAILABLE.
 */
export function listInForce(
  store: Store,
  issuerKey: string,
  o: { readonly limit: number; readonly serial?: string | undefined },
): ListedCrl[] {
  return store.snapshot(() => {
    const rows = store
      .prepare<CrlRow>(
        `SELECT ${crlColumns} FROM crls c WHERE c.issuer_key = ? ORDER BY c.issuer_name, c.scope, c.delta`,
      )
      .all(issuerKey);
    return rows.map((row) => ({ crl: crlInfo(row), entries: entriesOf(store, row, o) }));
  });
}

function entriesOf(
  store: Store,
  { generation }: CrlRow,
  { limit, serial }: Parameters<typeof listInForce>[2],
): ListedEntry[] {
  const columns = 'SELECT serial, revoked_at, reason FROM revoked WHERE generation = ?';
  if (serial === undefined)
    return store.prepare<Row>(`${columns} ORDER BY serial LIMIT ?`).all(generation, limit).map(listed);
  // An indirect CRL may list the number for several issuers; theirs stand under longer keys, which begin with 00.
  return store
    .prepare<Row>(
      `${columns} AND (serial = ?2 OR (serial > x'00' AND serial < x'01' AND length(serial) > ?3
         AND substr(serial, ?3 + 1) = ?2)) ORDER BY serial LIMIT ?4`,
    )
    .all(generation, entryKey(serial), otherIssuerOctets, limit)
    .map(listed);
}

function listed({ serial: key, revoked_at: revokedAt, reason }: Row): ListedEntry {
  return { ...readEntryKey(key), revokedAt, reason: reasonName(reason) ?? 'unspecified' };
}
