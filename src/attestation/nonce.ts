import type { Finding } from '../lib/reason-code.ts';
import type { Ear } from './ear.ts';
import type { AttestationRules } from './types.ts';

/**
 * Whether a result answers the challenge that the enforcement point gave: the result's own nonce, or where it has none
 * the nonce of every piece of evidence; all in hexadecimal. Nothing is asked where no challenge was given and the class
 * needs none.
 */
export function judgeNonce(
  ear: Ear,
  challenge: string | undefined,
  rules: AttestationRules,
): readonly Finding[] {
  if (challenge === undefined) return rules.challenge ? [mismatch('no challenge was given')] : [];
  if (ear.nonces.length > 0) return ear.nonces.includes(challenge) ? [] : [mismatch('it has another nonce')];
  const parts = [...ear.submods.values()];
  if (parts.every(({ nonces }) => nonces.length === 0)) return [mismatch('it has no nonce')];
  return parts.every(({ nonces }) => nonces.includes(challenge)) ? [] : [mismatch('it has another nonce')];
}

function mismatch(because: string): Finding {
  return { code: 'attestation.nonce_mismatch', detail: { because } };
}
