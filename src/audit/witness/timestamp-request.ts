import { hash } from 'node:crypto';
import { toHex } from '../../lib/bytes.ts';
import { tags } from '../../lib/der/tags.ts';
import { derElement, derOid, derUnsigned } from '../../lib/der/write.ts';
import { sha256Oid } from './timestamp-oids.ts';

/** Octets of the nonce that a request has. */
export const timestampNonceOctets = 16;

/**
 * A TimeStampReq (RFC 3161 section 2.4.1) for the SHA-256 of `data`, with a nonce, that asks for the authority's
 * certificate in the answer, so that it can be verified for as long as it is kept. `policy` in dotted form.
 */
export function timestampRequest(
  data: Uint8Array,
  { nonce, policy }: { readonly nonce: Uint8Array; readonly policy?: string },
): Uint8Array {
  const algorithm = derElement(tags.sequence, derOid(sha256Oid), derElement(tags.null));
  const imprint = derElement(
    tags.sequence,
    algorithm,
    derElement(tags.octetString, hash('sha256', data, 'buffer')),
  );
  return derElement(
    tags.sequence,
    derUnsigned('01'),
    imprint,
    ...(policy === undefined ? [] : [derOid(policy)]),
    derUnsigned(toHex(nonce)),
    derElement(tags.boolean, Buffer.of(0xff)),
  );
}
