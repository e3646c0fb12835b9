import { nameText } from '../identity/name-text.ts';
import type { Certificate } from '../identity/types.ts';
import type { EpochMs } from '../lib/clock.ts';
import type { SqlValue, Store } from '../store/types.ts';
import { readScope, scopeKey } from './crl-scope.ts';
import type { CrlHeader } from './crl-header.ts';
import type { CrlInfo } from './types.ts';

/**
 * Of which CRLs one is in force at a time: those of a signer's key, under one name, of one scope, complete or deltas. A CA
 * that was renamed and kept its key has a list under each name, with numbers of its own.
 */
export interface CrlKey {
  /** SHA-256 (hex) of the SubjectPublicKeyInfo that the CRL is signed with. */
  readonly issuerKey: string;
  readonly issuer: IssuerNames;
  /** As `scopeKey` gives it. */
  readonly scope: string;
  readonly delta: boolean;
}

/** A CRL issuer's name: to compare, and for people. */
export interface IssuerNames {
  readonly key: string;
  readonly text: string;
}

/** A row of the table `crls`: a CRL in force, and the generation that holds its entries. */
export interface CrlRow extends Record<string, SqlValue> {
  issuer_key: string;
  scope: string;
  delta: 0 | 1;
  /** Comparison key of the issuer's name; empty in rows of older stores. */
  issuer: string;
  issuer_name: string;
  generation: number;
  number: string | null;
  base_number: string | null;
  this_update: EpochMs;
  next_update: EpochMs;
  distribution_point: Uint8Array | null;
  authority_key_id: Uint8Array | null;
  imported_at: EpochMs;
  source: string;
  digest: string;
  entries: number;
}

const names = [
  'issuer_key',
  'scope',
  'delta',
  'issuer',
  'issuer_name',
  'generation',
  'number',
  'base_number',
  'this_update',
  'next_update',
  'distribution_point',
  'authority_key_id',
  'imported_at',
  'source',
  'digest',
  'entries',
] as const;

/** The columns of `crls`, as a SELECT over the alias `c` names them. */
export const crlColumns = names.map((name) => `c.${name}`).join(', ');

/** What a CRL is one of, signed with the key of this certificate. */
export function crlKey(
  header: Pick<CrlHeader, 'issuer' | 'scope' | 'baseNumber'>,
  signer: Pick<Certificate, 'keyDigest' | 'subject'>,
): CrlKey {
  return {
    issuerKey: signer.keyDigest,
    issuer: { key: header.issuer.key, text: nameText(signer.subject) },
    scope: scopeKey(header.scope),
    delta: header.baseNumber !== undefined,
  };
}

/** The CRL in force of a key. A row of an older store knows its issuer's name as people read it only. */
export function readCrlRow(store: Store, { issuerKey, issuer, scope, delta }: CrlKey): CrlRow | undefined {
  return store
    .prepare<CrlRow>(
      `SELECT ${crlColumns} FROM crls c WHERE c.issuer_key = ? AND c.scope = ? AND c.delta = ?
         AND (c.issuer = ? OR (c.issuer = '' AND c.issuer_name = ?)) ORDER BY c.issuer DESC LIMIT 1`,
    )
    .get(issuerKey, scope, Number(delta), issuer.key, issuer.text);
}

/** Makes this row the CRL in force of its key. Within a transaction. */
export function writeCrlRow(store: Store, row: CrlRow): void {
  const { issuer_key: issuerKey, scope, delta, issuer_name: issuerName } = row;
  store
    .prepare(
      `DELETE FROM crls WHERE issuer_key = ? AND scope = ? AND delta = ? AND issuer = '' AND issuer_name = ?`,
    )
    .run(issuerKey, scope, delta, issuerName);
  const values = names.map(() => '?').join(', ');
  store
    .prepare(`INSERT OR REPLACE INTO crls (${names.join(', ')}) VALUES (${values})`)
    .run(...names.map((name) => row[name] as SqlValue));
}

/** A row as the other rooms see it. */
export function crlInfo(row: CrlRow): CrlInfo {
  return {
    issuerKey: row.issuer_key,
    issuer: row.issuer,
    scope: row.scope,
    points: pointsOf(row),
    delta: row.delta === 1,
    issuerName: row.issuer_name,
    ...(row.number !== null && { number: row.number }),
    ...(row.base_number !== null && { baseNumber: row.base_number }),
    thisUpdate: row.this_update,
    nextUpdate: row.next_update,
    importedAt: row.imported_at,
    source: row.source,
    digest: row.digest,
    entries: row.entries,
  };
}

function pointsOf({ distribution_point: point, issuer }: CrlRow): readonly string[] {
  return point === null ? [] : (readScope(point, { key: issuer }).names ?? []);
}
