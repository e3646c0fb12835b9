import type { EpochMs } from '../lib/clock.ts';
import type { ParsedCrl } from './parse-crl.ts';
import { reasonName, reasonNumbers } from './reasons.ts';
import { refuseUnstorable } from './storable.ts';
import type { RevocationLookup, RevocationReader } from './types.ts';

/** A CRL that was in force for an issuer's key, and what the store said of it beside its bytes. */
export interface ListedCrl {
  readonly issuerKey: string;
  readonly issuerName: string;
  readonly source: string;
  readonly importedAt: EpochMs;
  readonly crl: ParsedCrl;
}

/**
 * Reads revocation from the bytes of CRLs instead of the store: each look-up reads its issuer's whole list, so this is
 * for concluding single decisions again. Throws PDP_CRL_INVALID and PDP_CRL_REFUSED for what no import takes.
 */
export function createListedReader(lists: readonly ListedCrl[]): Pick<RevocationReader, 'lookup'> {
  const byKey = new Map(lists.map((list) => [list.issuerKey, list]));
  return {
    lookup: (issuerKey, serial) => {
      const list = byKey.get(issuerKey);
      return list ? lookUp(list, serial) : {};
    },
  };
}

function lookUp({ crl, ...known }: ListedCrl, serial: string): RevocationLookup {
  refuseUnstorable(crl);
  const serials = new Set<string>();
  let found: { readonly revokedAt: EpochMs; readonly reason: number } | undefined;
  for (const entry of crl.entries()) {
    serials.add(entry.serial);
    if (entry.serial !== serial) continue;
    // As at the import: a serial number listed twice counts once, and whatever comes after a hold outweighs it.
    if (found === undefined || found.reason === reasonNumbers.certificateHold) found = entry;
  }
  const { digest, number, thisUpdate, nextUpdate } = crl;
  const info = { ...known, scope: '', delta: false, digest, thisUpdate, nextUpdate, entries: serials.size };
  return {
    crl: number === undefined ? info : { ...info, number },
    ...(found && {
      entry: { serial, revokedAt: found.revokedAt, reason: reasonName(found.reason) ?? 'unspecified' },
    }),
  };
}
