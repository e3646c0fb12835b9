import type { Certificate } from '../identity/types.ts';
import type { EpochMs } from '../lib/clock.ts';
import type { CrlEntry } from './crl-entries.ts';
import { entryFor, indexCrl } from './crl-index.ts';
import { scopeKey, type RevocableCertificate } from './crl-scope.ts';
import { crlDirectory, lookUp, type ExpectedPoints } from './look-up.ts';
import type { ParsedCrl } from './parse-crl.ts';
import { refuseUnstorable } from './storable.ts';
import type { StoredCrl } from './stored-crl.ts';
import type { RevocationLookups } from './types.ts';

/** A CRL that was in force, signed with an issuer's key, and what the store said of it beside its bytes. */
export interface ListedCrl {
  readonly issuerKey: string;
  readonly issuerName: string;
  readonly source: string;
  readonly importedAt: EpochMs;
  readonly crl: ParsedCrl;
}

interface KeptCrl extends StoredCrl {
  readonly parsed: ParsedCrl;
}

/** What a listed reader knows beside the CRLs. */
export interface ListedOptions {
  readonly issuers: readonly Certificate[];
  readonly expected: ExpectedPoints;
}

/**
 * Reads revocation from the bytes of CRLs instead of the store: each look-up reads whole lists, so this is for concluding
 * single decisions again. Throws PDP_CRL_INVALID and PDP_CRL_REFUSED for what no import takes.
 */
export function createListedReader(lists: readonly ListedCrl[], o: ListedOptions): RevocationLookups {
  const directory = crlDirectory(lists.map(kept).sort(byKey));
  return {
    lookup: (certificate, issuerKey) =>
      lookUp(certificate, issuerKey, directory, o.expected.get(issuerKey) ?? [], findEntries),
    issuers: o.issuers,
  };
}

function kept({ crl, issuerKey, issuerName, source, importedAt }: ListedCrl): KeptCrl {
  refuseUnstorable(crl);
  const { digest, version, issuer, thisUpdate, nextUpdate, number, baseNumber, scope, authorityKeyId } = crl;
  const said = { digest, thisUpdate, nextUpdate, ...(number !== undefined && { number }) };
  const base = baseNumber === undefined ? {} : { baseNumber };
  return {
    ...said,
    ...base,
    version,
    issuer: { key: issuer.key },
    ...(scope && { scope }),
    ...(authorityKeyId && { authorityKeyId }),
    unknownCritical: [],
    wronglyCritical: [],
    signerKey: issuerKey,
    issuerName,
    info: {
      ...said,
      ...base,
      ...{ issuerKey, issuer: issuer.key, issuerName, source, importedAt },
      scope: scopeKey(scope),
      points: scope?.names ?? [],
      delta: baseNumber !== undefined,
      entries: indexOf(crl).size,
    },
    parsed: crl,
  };
}

/** As the store orders them. */
function byKey({ info: a }: StoredCrl, { info: b }: StoredCrl): number {
  const key = ({ issuerKey, issuer, scope, delta }: StoredCrl['info']): string =>
    `${issuerKey} ${scope}\n${delta ? 1 : 0} ${issuer}`;
  return key(a) < key(b) ? -1 : 1;
}

function findEntries(
  crls: readonly KeptCrl[],
  certificate: RevocableCertificate,
): readonly (CrlEntry | undefined)[] {
  return crls.map(({ parsed }) => {
    const found = entryFor(indexOf(parsed), certificate);
    return found && { serial: found.serial, revokedAt: found.revokedAt, reason: found.reason };
  });
}

/** Of a CRL that was imported once. */
function indexOf(crl: ParsedCrl): ReadonlyMap<string, CrlEntry> {
  return indexCrl(crl).entries ?? new Map<string, CrlEntry>();
}
