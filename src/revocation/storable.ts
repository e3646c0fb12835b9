import type { EpochMs } from '../lib/clock.ts';
import { refused } from './crl-extensions.ts';
import type { ParsedCrl } from './parse-crl.ts';

/** A CRL that the store can hold. */
export type StorableCrl = ParsedCrl & { readonly version: 2; readonly nextUpdate: EpochMs };

/**
 * Throws PDP_CRL_REFUSED for what the store, which holds one complete list for each issuer's key, would misrepresent:
 * those of version 1 or without nextUpdate, delta CRLs, those with an issuing distribution point (partial and indirect
 * ones), and unknown critical extensions.
 */
export function refuseUnstorable(crl: ParsedCrl): asserts crl is StorableCrl {
  const [unknown] = crl.unknownCritical;
  if (crl.version !== 2) throw refused('it is not of version 2');
  if (crl.nextUpdate === undefined) throw refused('it has no nextUpdate');
  if (crl.baseNumber !== undefined) throw refused('it is a delta CRL (deltaCRLIndicator)');
  if (crl.scope !== undefined)
    throw refused('it covers a part only or is indirect (issuingDistributionPoint)');
  if (unknown !== undefined) throw refused(`critical extension ${unknown} is unknown`);
}
