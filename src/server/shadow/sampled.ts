import { sha256Hex } from '../../lib/bytes.ts';

/** Hex digits of the digest that are held against the share: 48 bits, exact as a number. */
const digits = 12;
const whole = 16 ** digits;

/**
 * Whether a decision belongs to a share of all (above 0 up to 1): by the SHA-256 of its id, so that the same ids belong to it
 * whoever asks, and those of a smaller share to every larger one.
 */
export function isSampled(decisionId: string, share: number): boolean {
  if (share >= 1) return true;
  return Number.parseInt(sha256Hex(decisionId).slice(0, digits), 16) < share * whole;
}
