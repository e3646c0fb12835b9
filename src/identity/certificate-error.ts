import { describeThrown, PortreeveError } from '../lib/errors.ts';
import type { Finding, ReasonCode } from '../lib/reason-code.ts';

/** A certificate that cannot be used at all (PDP_CERTIFICATE_INVALID), with the reason that a denial tells. */
export class CertificateError extends PortreeveError {
  readonly reason: ReasonCode;

  constructor(problem: string, options?: { cause?: unknown; reason?: ReasonCode }) {
    super('PDP_CERTIFICATE_INVALID', problem, options);
    this.reason = options?.reason ?? 'identity.unparsable_certificate';
  }
}

/** Whatever was thrown while reading a certificate, as the finding that denies it; `detail` says what was wrong. */
export function unreadable(thrown: unknown, detail: Finding['detail'] = {}): Finding {
  const code = thrown instanceof CertificateError ? thrown.reason : 'identity.unparsable_certificate';
  return { code, detail: { ...detail, problem: describeThrown(thrown) } };
}
