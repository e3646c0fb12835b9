import { formatInstant } from '../lib/clock.ts';
import type { EpochMs } from '../lib/clock.ts';
import type { Finding } from '../lib/reason-code.ts';
import type { Ear } from './ear.ts';
import type { AttestationRules, Verifier } from './types.ts';

/**
 * Whether a result holds now. It ends with its `exp` and with its age, to the second and without tolerance, because an
 * allow may not outlive it; one from the future beyond the verifier's tolerance was signed by another clock than ours is.
 */
export function judgeTimes(
  ear: Ear,
  verifier: Verifier,
  rules: AttestationRules,
  now: EpochMs,
): readonly Finding[] {
  const found: Finding[] = [];
  const begins = Math.max(ear.issuedAt, ear.notBefore ?? 0);
  if (begins > now + verifier.tolerance) {
    const detail = { verifier: verifier.name, issued_at: formatInstant(begins), now: formatInstant(now) };
    found.push({ code: 'system.clock_untrusted', detail });
  }
  if (ear.expiresAt !== undefined && now >= ear.expiresAt) {
    const detail = { expires_at: formatInstant(ear.expiresAt), now: formatInstant(now) };
    found.push({ code: 'attestation.expired', detail });
  }
  const maxAge = maxAgeOf(verifier, rules);
  if (now >= ear.issuedAt + maxAge) {
    const detail = { age_s: Math.floor((now - ear.issuedAt) / 1000), max_age_s: Math.floor(maxAge / 1000) };
    found.push({ code: 'attestation.too_old', detail });
  }
  return found;
}

/** The end of what may rest on a result: its own, that of its age, and that of its key's overlap. */
export function usableUntil(
  ear: Ear,
  verifier: Verifier,
  rules: AttestationRules,
  keyUntil: EpochMs | null,
): EpochMs {
  return Math.min(ear.issuedAt + maxAgeOf(verifier, rules), ear.expiresAt ?? Infinity, keyUntil ?? Infinity);
}

/** The shorter of what is configured for the verifier and for the class. */
function maxAgeOf(verifier: Verifier, { max_age_s: seconds }: AttestationRules): number {
  return Math.min(verifier.maxAge, seconds === null ? Infinity : seconds * 1000);
}
