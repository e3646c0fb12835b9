import { createHmac } from 'node:crypto';

/** Gives a value the same other one each time. */
export type Pseudonym = (value: string) => string;

/** Keys of the policy's input that hold pseudonyms in a pseudonymised sample, where they hold anything. */
export const pseudonymKeys: readonly string[] = [
  'certificate_fingerprint',
  'certificate_serial',
  'claimed_device_id',
  'claimed_serial',
  'device_id',
  'device_owner',
  'gateway',
  'hardware_serial',
  'key_digest',
  'source_ip_outside',
];

/** Least bytes of a key: what is shorter could be guessed, and with it every value that was replaced. */
export const leastKeyBytes = 16;

/**
 * Makes pseudonyms by HMAC-SHA-256 with a key: equal values stay equal, different ones different, and whoever lacks the
 * key cannot try values. Hex stays hex of the same length and a UUID one, so that what is made is of the same form; all
 * else becomes `p-` and 16 hex digits.
 */
export function createPseudonym(key: Uint8Array): Pseudonym {
  const known = new Map<string, string>();
  return (value) => {
    const before = known.get(value);
    if (before !== undefined) return before;
    const made = formed(value, createHmac('sha256', key).update(value).digest('hex'));
    if (known.size >= mostKnown) known.clear();
    known.set(value, made);
    return made;
  };
}

const mostKnown = 100_000;

function formed(value: string, digest: string): string {
  if (/^[0-9a-f]{16,64}$/.test(value)) return digest.slice(0, value.length);
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value)) {
    return digest.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  }
  // Serials may be short; eight digits are enough to tell them apart.
  if (/^[0-9a-f]+$/.test(value) && value.length % 2 === 0) return digest.slice(0, Math.max(8, value.length));
  return `p-${digest.slice(0, 16)}`;
}
