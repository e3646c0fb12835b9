import type { Config } from '../config/types.ts';
import { decodeBase64url } from '../lib/base64url.ts';
import { toHex } from '../lib/bytes.ts';
import { limits } from './limits.ts';
import { Refusal } from './refusal.ts';
import type { RawConnection } from './types.ts';
import { readSource } from './value-source.ts';

/**
 * The nonce that the enforcement point gave the device to attest with, hexadecimal: base64url of 8 to 64 bytes (RFC 9711
 * section 4.1), from a native request's own field, elsewhere from the first configured source that is present. Only what
 * the enforcement point itself says counts: a device that named its own challenge could name that of an old result.
 */
export function readChallenge(
  raw: RawConnection,
  sources: Config['attestation']['challenge'],
): string | Refusal | undefined {
  const text = raw.door === 'native' ? raw.challenge : mapped(raw, sources);
  if (text === undefined || text === '' || text instanceof Refusal) return text === '' ? undefined : text;
  const bytes = decodeBase64url(text.replace(/={1,2}$/, ''));
  if (bytes && bytes.byteLength >= 8 && bytes.byteLength <= 64) return toHex(bytes);
  return new Refusal('attestation_challenge', 'is no nonce of 8 to 64 bytes in base64url');
}

function mapped(
  raw: RawConnection,
  sources: Config['attestation']['challenge'],
): string | Refusal | undefined {
  for (const source of sources) {
    const text = readSource(raw, source, 'attestation_challenge', limits.idText);
    if (text !== undefined) return text;
  }
  return undefined;
}
