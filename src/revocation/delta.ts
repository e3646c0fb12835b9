import { equalBytes } from '../lib/bytes.ts';
import type { CrlEntry } from './crl-entries.ts';
import { scopeKey, type CrlScope } from './crl-scope.ts';
import type { CrlHeader } from './crl-header.ts';
import { reasonNumbers } from './reasons.ts';

/**
 * Why a delta CRL cannot be combined with a complete one, undefined where it can: RFC 5280 sections 5.2.4 and 6.3.3 (c).
 * Issuer, scope and key identifier are the same, the complete CRL is not older than the delta's base, and older than
 * the delta.
 */
export function deltaMismatch(delta: CrlHeader, complete: CrlHeader): string | undefined {
  if (delta.issuer.key !== complete.issuer.key) return 'it is of another issuer than the complete CRL';
  if (!sameScope(delta.scope, complete.scope)) return 'its scope is not that of the complete CRL';
  if (!sameKeyId(delta.authorityKeyId, complete.authorityKeyId))
    return 'its key identifier is not that of the complete CRL';
  if (delta.number === undefined || delta.baseNumber === undefined) return 'it has no number';
  if (complete.number === undefined) return 'the complete CRL has no number';
  if (hexValue(complete.number) < hexValue(delta.baseNumber))
    return `its base ${delta.baseNumber} is later than the complete CRL ${complete.number}`;
  if (hexValue(complete.number) >= hexValue(delta.number))
    return `it is not later than the complete CRL ${complete.number}`;
  return undefined;
}

/** Whether two CRLs are restricted to the same, both to nothing included. */
export function sameScope(a: CrlScope | undefined, b: CrlScope | undefined): boolean {
  return scopeKey(a) === scopeKey(b);
}

/** cRLNumber, held as hex because it has up to 20 octets. */
export function hexValue(hex: string): bigint {
  return BigInt(`0x${hex}`);
}

function sameKeyId(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return equalBytes(a, b);
}

/** What a complete CRL and its delta say together about one certificate: the entry that revokes it, if any. */
export function combineEntries(
  complete: CrlEntry | undefined,
  delta: CrlEntry | undefined,
  mayLift: boolean,
): CrlEntry | undefined {
  if (delta === undefined) return complete;
  if (delta.reason !== reasonNumbers.removeFromCRL) return delta;
  // Only holds are lifted (section 5.3.1): what is revoked for any other reason stays so.
  const lifted = mayLift && complete?.reason === reasonNumbers.certificateHold;
  return lifted ? undefined : complete;
}
