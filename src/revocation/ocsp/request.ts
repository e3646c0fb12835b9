import { contextConstructed, tags } from '../../lib/der/tags.ts';
import { derElement, derOid, derUnsigned } from '../../lib/der/write.ts';
import { PortreeveError } from '../../lib/errors.ts';
import { issuerHashes, type OcspIssuer } from './cert-id.ts';
import { ocspLimits } from './limits.ts';
import { certIdHashes, ocspOids } from './oids.ts';

export interface RequestOptions {
  /** Digest by which the CertIDs name the issuer. */
  readonly hash: 'sha1' | 'sha256';
  /** RFC 9654: 32 random octets; absent = none is sent. */
  readonly nonce?: Uint8Array;
}

/**
 * An unsigned OCSPRequest in DER (RFC 6960 section 4.1.1) about certificates of one issuer; `serials` in hex. Throws
 * PDP_LIMIT_EXCEEDED for none, or more than `ocspLimits.requested`.
 */
export function ocspRequest(issuer: OcspIssuer, serials: readonly string[], o: RequestOptions): Uint8Array {
  if (serials.length === 0 || serials.length > ocspLimits.requested) {
    throw new PortreeveError(
      'PDP_LIMIT_EXCEEDED',
      `an OCSP request is about 1 to ${ocspLimits.requested} certificates, not ${serials.length}`,
    );
  }
  const hashes = issuerHashes(issuer, o.hash);
  const algorithm = derElement(tags.sequence, derOid(hashOid(o.hash)), derElement(tags.null));
  const requests = serials.map((serial) =>
    derElement(
      tags.sequence,
      derElement(
        tags.sequence,
        algorithm,
        derElement(tags.octetString, hashes.name),
        derElement(tags.octetString, hashes.key),
        derUnsigned(serial),
      ),
    ),
  );
  const extensions = o.nonce ? [derElement(contextConstructed(2), nonceExtensions(o.nonce))] : [];
  return derElement(
    tags.sequence,
    derElement(tags.sequence, derElement(tags.sequence, ...requests), ...extensions),
  );
}

function nonceExtensions(nonce: Uint8Array): Uint8Array {
  const value = derElement(tags.octetString, derElement(tags.octetString, nonce));
  return derElement(tags.sequence, derElement(tags.sequence, derOid(ocspOids.nonce), value));
}

function hashOid(hash: RequestOptions['hash']): string {
  return [...certIdHashes].find(([, name]) => name === hash)?.[0] as string;
}
