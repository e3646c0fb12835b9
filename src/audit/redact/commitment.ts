import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * Commitments to texts: HMAC-SHA-256 of the text, UTF-8, under a salt of 32 bytes. Without the salt nothing can be
 * tried against it, however few texts there may be; with the salt it can be the commitment of no other text. The salts of
 * a record follow from one random secret of its own, so that each can be shown without saying anything of the others, and
 * all are gone with the secret.
 */

/** Bytes of a record's secret. */
const secretBytes = 32;

/** A record's own secret. */
export function newSecret(): Buffer {
  return randomBytes(secretBytes);
}

/**
 * The salt of a text: from the text alone where equal texts of a record are to have equal commitments, else from its
 * place as well.
 */
export function saltOf(secret: Uint8Array, text: string, pointer: string | null): Buffer {
  return createHmac('sha256', secret)
    .update(JSON.stringify(['portreeve reveal 1', pointer, text]), 'utf8')
    .digest();
}

/** The commitment of a text, lower-case hex. */
export function commitmentOf(salt: Uint8Array, text: string): string {
  return createHmac('sha256', salt).update(text, 'utf8').digest('hex');
}

/** Whether a commitment is that of a text. */
export function commits(commitment: string, salt: Uint8Array, text: string): boolean {
  if (salt.byteLength !== secretBytes || !/^[0-9a-f]{64}$/.test(commitment)) return false;
  return timingSafeEqual(Buffer.from(commitment, 'hex'), Buffer.from(commitmentOf(salt, text), 'hex'));
}

const mark = 'redacted:';

/** How a commitment stands in a record. */
export function written(commitment: string, bare: boolean): string {
  return bare ? commitment : `${mark}${commitment}`;
}

/** The commitment that stands in a record; undefined where there is none. */
export function readCommitment(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const digits = value.startsWith(mark) ? value.slice(mark.length) : value;
  return /^[0-9a-f]{64}$/.test(digits) ? digits : undefined;
}
