import { formatInstant, type EpochMs } from '../lib/clock.ts';
import { refused } from './crl-extensions.ts';
import type { CrlHeader } from './crl-header.ts';
import type { CrlRow } from './crl-table.ts';
import { hexValue } from './delta.ts';
import { clockSkewMs } from './limits.ts';

/**
 * Throws PDP_CRL_REFUSED for a CRL from the future, beyond what clocks may differ. One past its nextUpdate is taken:
 * whether it is still believed is judged at each decision.
 */
export function refuseFromFuture(crl: CrlHeader, now: EpochMs): void {
  if (crl.thisUpdate <= now + clockSkewMs) return;
  throw refused(`its thisUpdate ${formatInstant(crl.thisUpdate)} is ahead of this machine's clock`);
}

/**
 * Throws PDP_CRL_REFUSED where a CRL would take its issuer's list of the same scope and kind back (RFC 5280
 * section 5.2.3: cRLNumber only grows): a lower number, the same number with other contents, no number after one with a number, or an earlier
 * thisUpdate.
 */
export function refuseRollback(crl: CrlHeader, current: CrlRow | undefined): void {
  if (current === undefined) return;
  refuseNumber(crl, current);
  if (crl.thisUpdate < current.this_update) {
    throw refused(
      `its thisUpdate ${formatInstant(crl.thisUpdate)} is before that of the CRL in force, ${formatInstant(current.this_update)}`,
    );
  }
}

function refuseNumber(crl: CrlHeader, current: CrlRow): void {
  if (current.number === null) return;
  if (crl.number === undefined) {
    throw refused(`it has no number, the CRL in force has number ${current.number} (hex)`);
  }
  const [offered, held] = [hexValue(crl.number), hexValue(current.number)];
  if (offered < held) {
    throw refused(`its number ${crl.number} is lower than that of the CRL in force, ${current.number} (hex)`);
  }
  if (offered === held) {
    throw refused(`it has the number of the CRL in force, ${current.number} (hex), and other contents`);
  }
}

/**
 * Throws PDP_CRL_REFUSED for a delta that starts from a later list than both the complete CRL in force and the delta that
 * it would replace, which is not over yet: what came between would be known to nobody, and what the replaced one revokes
 * would be good by the complete one.
 */
export function refuseLosingDelta(
  delta: CrlHeader,
  current: CrlRow | undefined,
  complete: CrlRow | undefined,
): void {
  if (!current || current.base_number === null || delta.baseNumber === undefined) return;
  const held = complete ? hexValue(complete.number ?? '00') : -1n;
  const [before, after] = [hexValue(current.base_number), hexValue(delta.baseNumber)];
  if (after <= held || after <= before || hexValue(current.number ?? '00') <= held) return;
  const than = complete
    ? `the complete CRL in force, ${complete.number ?? 'without number'} (hex)`
    : `that of the delta in force, ${current.base_number} (hex), and no complete CRL is in force`;
  throw refused(`its base ${delta.baseNumber} is later than ${than}: import that one first`);
}
