import { type EpochMs, formatInstant } from '../lib/clock.ts';
import type { Finding } from '../lib/reason-code.ts';
import { nameText } from './name.ts';
import type { Certificate, CertificationPath } from './types.ts';

/**
 * What of a path does not hold at `now` (RFC 5280 section 6.1.3 (a)(2)). Section 4.1.2.5 counts the instant of notAfter
 * in: `includes` it for who asks whether a certificate is valid. A decision `excludes` it: what an allow relies on has
 * to hold after the decision, and nothing would be left of it.
 */
export function checkValidity(
  path: Pick<CertificationPath, 'certificates'>,
  now: EpochMs,
  notAfter: 'includes' | 'excludes',
): Finding[] {
  const at = notAfter === 'includes' ? now : now + 1;
  return path.certificates.flatMap((certificate, place) =>
    place === 0 ? leafValidity(certificate, now, at) : issuerValidity(certificate, place, now, at),
  );
}

/** `at` is the instant that must not be past notAfter. */
function leafValidity(leaf: Certificate, now: EpochMs, at: EpochMs): Finding[] {
  if (at > leaf.notAfter) {
    return [
      {
        code: 'credential.expired',
        detail: { now: formatInstant(now), not_after: formatInstant(leaf.notAfter) },
      },
    ];
  }
  if (now < leaf.notBefore) {
    const detail = { now: formatInstant(now), not_before: formatInstant(leaf.notBefore) };
    return [{ code: 'credential.not_yet_valid', detail }];
  }
  return [];
}

function issuerValidity(ca: Certificate, place: number, now: EpochMs, at: EpochMs): Finding[] {
  if (now >= ca.notBefore && at <= ca.notAfter) return [];
  const detail = {
    certificate: place,
    subject: nameText(ca.subject),
    now: formatInstant(now),
    not_before: formatInstant(ca.notBefore),
    not_after: formatInstant(ca.notAfter),
  };
  return [{ code: 'chain.issuer_expired', detail }];
}
