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
