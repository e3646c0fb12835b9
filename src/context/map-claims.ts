import type { Config, ValueSource } from '../config/types.ts';
import { limits } from './limits.ts';
import { Refusal } from './refusal.ts';
import { checkText } from './text.ts';
import type { ClaimName, RawConnection } from './types.ts';
import { readSource } from './value-source.ts';

export type Claims = Partial<Record<ClaimName, string>>;

const claimLimits: Readonly<Record<ClaimName, number>> = {
  device_id: limits.idText,
  serial: limits.idText,
  firmware_hash: limits.idText,
  attestation: limits.attestationText,
};
const claimNames = Object.keys(claimLimits) as ClaimName[];

/**
 * What is said about the device: a native request's own claims (empty = not said), elsewhere from the first configured
 * source that is present. Firmware hashes become lower-case, the form in which they are compared.
 */
export function mapClaims(raw: RawConnection, sources: Config['claims']): Claims | Refusal {
  const claims: Claims = {};
  for (const name of claimNames) {
    const text = raw.door === 'native' ? ownClaim(raw, name) : mappedClaim(raw, name, sources[name]);
    if (text instanceof Refusal) return text;
    if (text !== undefined) claims[name] = name === 'firmware_hash' ? text.toLowerCase() : text;
  }
  return claims;
}

function ownClaim(raw: RawConnection, name: ClaimName): string | Refusal | undefined {
  const text = raw.claims?.[name];
  if (text === undefined || text === '') return undefined;
  return checkText(`claims.${name}`, text, claimLimits[name]) ?? text;
}

function mappedClaim(
  raw: RawConnection,
  name: ClaimName,
  sources: readonly ValueSource[],
): string | Refusal | undefined {
  for (const source of sources) {
    const text = readSource(raw, source, `claims.${name}`, claimLimits[name]);
    if (text !== undefined) return text;
  }
  return undefined;
}
