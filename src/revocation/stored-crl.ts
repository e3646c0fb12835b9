import type { VerifiedCrl } from './crl-authority.ts';
import type { CrlEntry } from './crl-entries.ts';
import { readScope } from './crl-scope.ts';
import { crlInfo, type CrlRow } from './crl-table.ts';
import type { CrlInfo } from './types.ts';

/** A CRL in force whose entries are elsewhere: what was verified at its import, and what the other rooms see of it. */
export interface StoredCrl extends VerifiedCrl {
  readonly info: CrlInfo;
}

/** A CRL in force, where its entries are found. */
export interface StoredRow extends StoredCrl {
  readonly generation: number;
}

/** A CRL in force with what it lists of one certificate. */
export interface CandidateCrl extends StoredCrl {
  readonly entry?: CrlEntry;
}

/** Makes of a row what it was made from. Throws PDP_DER_INVALID for a row that no import wrote. */
export function storedCrl(row: CrlRow): StoredRow {
  const issuer = { key: row.issuer };
  const { number, base_number: baseNumber, distribution_point: point, authority_key_id: keyId } = row;
  return {
    info: crlInfo(row),
    generation: row.generation,
    signerKey: row.issuer_key,
    issuerName: row.issuer_name,
    digest: row.digest,
    version: 2,
    issuer,
    thisUpdate: row.this_update,
    nextUpdate: row.next_update,
    ...(number !== null && { number }),
    ...(baseNumber !== null && { baseNumber }),
    ...(point !== null && { scope: readScope(point, issuer) }),
    ...(keyId !== null && { authorityKeyId: keyId }),
    unknownCritical: [],
    wronglyCritical: [],
  };
}
