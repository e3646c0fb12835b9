import { refused } from './crl-extensions.ts';
import type { ParsedCrl } from './parse-crl.ts';

/**
 * Throws PDP_CRL_REFUSED for what the store, which holds one complete list for each issuer's key, would misrepresent:
 * delta CRLs, those with an issuing distribution point (partial and indirect ones), and unknown critical extensions.
 */
export function refuseUnstorable(crl: ParsedCrl): void {
  const [unknown] = crl.unknownCritical;
  if (crl.baseNumber !== undefined) throw refused('it is a delta CRL (deltaCRLIndicator)');
  if (crl.scope !== undefined)
    throw refused('it covers a part only or is indirect (issuingDistributionPoint)');
  if (unknown !== undefined) throw refused(`critical extension ${unknown} is unknown`);
}
