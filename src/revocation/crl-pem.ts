import { asPortreeveError, PortreeveError } from '../lib/errors.ts';
import { decodePem, looksLikePem } from '../lib/pem.ts';
import { crlLimits } from './limits.ts';

/**
 * The DER CRLs in the bytes of a file: one as they are, or every `X509 CRL` block of a PEM bundle. Throws
 * PDP_LIMIT_EXCEEDED for too many bytes or blocks and PDP_CRL_INVALID for broken PEM or a file without a CRL.
 */
export function splitCrls(bytes: Uint8Array): readonly Uint8Array[] {
  if (bytes.byteLength > crlLimits.bytes) {
    throw new PortreeveError(
      'PDP_LIMIT_EXCEEDED',
      `${bytes.byteLength} bytes are more than a CRL may have (${crlLimits.bytes})`,
    );
  }
  if (!looksLikePem(bytes)) return [bytes];
  const blocks = decodeBlocks(bytes);
  if (blocks.length === 0) throw new PortreeveError('PDP_CRL_INVALID', 'no X509 CRL block in the PEM text');
  return blocks;
}

function decodeBlocks(bytes: Uint8Array): readonly Uint8Array[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  try {
    return decodePem(text, 'X509 CRL', crlLimits.perFile);
  } catch (thrown) {
    const cause = asPortreeveError(thrown);
    if (cause.code === 'PDP_LIMIT_EXCEEDED') throw cause;
    throw new PortreeveError('PDP_CRL_INVALID', `CRL is malformed: ${cause.message}`, { cause });
  }
}
