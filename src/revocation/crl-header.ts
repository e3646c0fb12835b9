import type { DistinguishedName } from '../identity/types.ts';
import type { EpochMs } from '../lib/clock.ts';
import type { CrlExtensions } from './crl-extensions.ts';

/** What a CRL says of itself beside its entries: enough to judge by, wherever its entries are. */
export interface CrlHeader extends CrlExtensions {
  /** SHA-256 of its DER, hex. */
  readonly digest: string;
  readonly version: 1 | 2;
  readonly issuer: Pick<DistinguishedName, 'key'>;
  readonly thisUpdate: EpochMs;
  /** Absent where the list does not say when it is stale: such a list is never fresh. */
  readonly nextUpdate?: EpochMs;
}
