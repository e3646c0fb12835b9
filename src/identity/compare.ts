import { profiles } from './profiles/index.ts';
import type { ProfileKind } from './types.ts';

/** Whether two texts name the same device under a profile; what is no id of the profile is the same as nothing. */
export function sameDeviceId(kind: ProfileKind, a: string, b: string): boolean {
  const { normalise } = profiles[kind];
  const [one, other] = [normalise(a), normalise(b)];
  return one !== undefined && one === other;
}

/**
 * Whether a claimed serial number is a certificate's, as unsigned integers: `claimed` is hex with optional `0x`,
 * colons, spaces or leading zeros, `serialHex` is `Certificate.serial`. Anything else is not the same.
 */
export function sameSerial(claimed: string, serialHex: string): boolean {
  const [one, other] = [magnitude(claimed), magnitude(serialHex)];
  return one !== undefined && one === other;
}

/** Longest text that is looked at: 20 octets with prefix and separators are 61 characters. */
const maxSerialText = 128;
const hexNumber = /^(?:0x)?([0-9a-f]+)$/i;
const separatedOctets = /^[0-9a-f]{1,2}(?:[: ][0-9a-f]{1,2})+$/i;

function magnitude(text: string): string | undefined {
  const trimmed = text.trim();
  if (trimmed.length > maxSerialText) return undefined;
  const digits = separatedOctets.test(trimmed) ? joinOctets(trimmed) : hexNumber.exec(trimmed)?.[1];
  return digits?.toLowerCase().replace(/^0+(?=.)/, '');
}

/** Between separators stand octets, so that `1:2` is 0102. */
function joinOctets(text: string): string {
  return text
    .split(/[: ]/)
    .map((octet) => octet.padStart(2, '0'))
    .join('');
}
