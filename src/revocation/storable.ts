import type { EpochMs } from '../lib/clock.ts';
import { refused } from './crl-extensions.ts';
import type { CrlHeader } from './crl-header.ts';

/** What a CRL says of itself that the store can hold. */
export type StorableHeader = CrlHeader & { readonly version: 2; readonly nextUpdate: EpochMs };

/**
 * Throws PDP_CRL_REFUSED for what the store would misrepresent: CRLs of version 1 or without nextUpdate, those with
 * unknown critical extensions (RFC 5280 section 5.2: they tell no status), deltas without a number, those about
 * attribute certificates, whose serial numbers are others, and those of a distribution point that no certificate of ours
 * can name.
 */
export function refuseUnstorable(crl: CrlHeader): asserts crl is StorableHeader {
  const [unknown] = crl.unknownCritical;
  if (crl.version !== 2) throw refused('it is not of version 2');
  if (crl.nextUpdate === undefined) throw refused('it has no nextUpdate');
  if (unknown !== undefined) throw refused(`critical extension ${unknown} is unknown`);
  if (crl.baseNumber !== undefined && crl.number === undefined)
    throw refused('it is a delta CRL without cRLNumber');
  if (crl.scope?.only === 'attribute_certificates')
    throw refused('it is about attribute certificates only (issuingDistributionPoint)');
  if (crl.scope?.names?.length === 0)
    throw refused('its distribution point has no name of a form that is read (issuingDistributionPoint)');
}
