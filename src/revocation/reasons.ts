import { bitStringContent, namedBits } from '../lib/der/values.ts';

/** CRLReason (RFC 5280 section 5.3.1) by its number; 7 is not used. */
const names: Readonly<Record<number, string>> = {
  0: 'unspecified',
  1: 'keyCompromise',
  2: 'cACompromise',
  3: 'affiliationChanged',
  4: 'superseded',
  5: 'cessationOfOperation',
  6: 'certificateHold',
  8: 'removeFromCRL',
  9: 'privilegeWithdrawn',
  10: 'aACompromise',
};

export const reasonNumbers = { unspecified: 0, certificateHold: 6, removeFromCRL: 8 } as const;

/** The name of a reason number, undefined where RFC 5280 knows none. */
export function reasonName(number: number): string | undefined {
  return names[number];
}

/** Of two entries about one certificate the heavier counts: what revokes outweighs a hold, and a hold its removal. */
export function weightOf(reason: number): 0 | 1 | 2 {
  if (reason === reasonNumbers.removeFromCRL) return 0;
  return reason === reasonNumbers.certificateHold ? 1 : 2;
}

/** Names of ReasonFlags (RFC 5280 section 4.2.1.13) by their bit. */
const flagNames: readonly string[] = [
  'unused',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  'privilegeWithdrawn',
  'aACompromise',
];

/** A set of reasons: bit n is ReasonFlags bit n; bit 0, which means nothing, is never set. */
export type ReasonMask = number;

/** Every reason for which a certificate can be revoked. */
export const allReasons: ReasonMask = 0b1_1111_1110;

/**
 * Reads ReasonFlags from the contents of their BIT STRING, which is tagged implicitly where it occurs. Bits that mean
 * nothing are passed over. Throws PDP_DER_INVALID.
 */
export function readReasonFlags(content: Uint8Array): ReasonMask {
  let mask = 0;
  for (const bit of namedBits(bitStringContent(content))) if (bit < flagNames.length) mask |= 1 << bit;
  return mask & allReasons;
}

/** The reasons of a set by name, for people. */
export function reasonMaskNames(mask: ReasonMask): string[] {
  return flagNames.filter((_, bit) => (mask & (1 << bit)) !== 0);
}

/** The set of reasons that have these names; others are passed over. */
export function reasonMask(names: readonly string[]): ReasonMask {
  return (
    flagNames.reduce((mask, name, bit) => (names.includes(name) ? mask | (1 << bit) : mask), 0) & allReasons
  );
}
