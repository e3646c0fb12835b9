import { formatInstant, type EpochMs } from '../lib/clock.ts';
import { refused } from './crl-extensions.ts';
import type { CrlRow } from './crl-table.ts';
import { clockSkewMs } from './limits.ts';
import type { ParsedCrl } from './parse-crl.ts';

/**
 * Throws PDP_CRL_REFUSED for a CRL from the future, beyond what clocks may differ. One past its nextUpdate is taken:
 * whether it is still believed is judged at each decision.
 */
export function refuseFromFuture(crl: ParsedCrl, now: EpochMs): void {
  if (crl.thisUpdate <= now + clockSkewMs) return;
  throw refused(`its thisUpdate ${formatInstant(crl.thisUpdate)} is ahead of this machine's clock`);
}

/**
 * Throws PDP_CRL_REFUSED where a CRL would take its issuer's list back (RFC 5280 section 5.2.3: cRLNumber only
 * grows): a lower number, the same number with other contents, no number after one with a number, or an earlier
 * thisUpdate.
 */
export function refuseRollback(crl: ParsedCrl, current: CrlRow | undefined): void {
  if (current === undefined) return;
  refuseNumber(crl, current);
  if (crl.thisUpdate < current.this_update) {
    throw refused(
      `its thisUpdate ${formatInstant(crl.thisUpdate)} is before that of the CRL in force, ${formatInstant(current.this_update)}`,
    );
  }
}

function refuseNumber(crl: ParsedCrl, current: CrlRow): void {
  if (current.number === null) return;
  if (crl.number === undefined) {
    throw refused(`it has no number, the CRL in force has number ${current.number} (hex)`);
  }
  const [offered, held] = [BigInt(`0x${crl.number}`), BigInt(`0x${current.number}`)];
  if (offered < held) {
    throw refused(`its number ${crl.number} is lower than that of the CRL in force, ${current.number} (hex)`);
  }
  if (offered === held) {
    throw refused(`it has the number of the CRL in force, ${current.number} (hex), and other contents`);
  }
}
