import { limits } from '../context/limits.ts';
import type { PresentedCredential } from '../context/types.ts';
import { asPortreeveError, describeThrown } from '../lib/errors.ts';
import { decodePem } from '../lib/pem.ts';
import { CertificateError } from './certificate-error.ts';

/**
 * The DER certificates that a PEP presented, leaf first, at least one. A peer certificate is exactly one PEM block; a
 * forwarded one may bring its chain. Throws CertificateError: with reason `chain.too_long` for more than
 * `limits.chainLength`, else `identity.unparsable_certificate`.
 */
export function presentedCertificates(presented: PresentedCredential): readonly Uint8Array[] {
  const { material } = presented;
  const certificates = material.form === 'der' ? material.chain : decodeUrlPem(material.text);
  if (certificates.length === 0) throw new CertificateError('no certificate in what was presented');
  if (presented.source === 'peer_certificate' && certificates.length > 1) {
    throw new CertificateError('more than one certificate where the peer’s alone is expected');
  }
  if (certificates.length > limits.chainLength) throw tooMany();
  return certificates;
}

function decodeUrlPem(text: string): Uint8Array[] {
  if (text.length > limits.certificateText) {
    throw new CertificateError(`more than ${limits.certificateText} characters`);
  }
  const pem = urlDecoded(text);
  try {
    return decodePem(pem, 'CERTIFICATE', limits.chainLength);
  } catch (cause) {
    if (asPortreeveError(cause).code === 'PDP_LIMIT_EXCEEDED') throw tooMany();
    throw new CertificateError(describeThrown(cause), { cause });
  }
}

function urlDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new CertificateError('URL encoding is malformed or not of UTF-8', { cause });
  }
}

function tooMany(): CertificateError {
  const problem = `more than ${limits.chainLength} certificates presented`;
  return new CertificateError(problem, { reason: 'chain.too_long' });
}
