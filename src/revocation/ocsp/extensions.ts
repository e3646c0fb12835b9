import { derError, DerReader } from '../../lib/der/reader.ts';
import { tags } from '../../lib/der/tags.ts';
import { readOctets } from '../../lib/der/values.ts';
import { readExtensions, type CrlExtension } from '../crl-extensions.ts';
import { ocspLimits } from './limits.ts';
import { ocspOids } from './oids.ts';

/** Reads Extensions under an explicit tag; none where the tag is not there. Throws PDP_DER_INVALID. */
export function readTaggedExtensions(fields: DerReader, tag: number): readonly CrlExtension[] {
  if (fields.peekTag() !== tag) return [];
  const tagged = fields.enter(tag);
  const extensions = readExtensions(tagged.enter(tags.sequence));
  tagged.end();
  return extensions;
}

/** OIDs of critical extensions other than those that are `known`: what has one must not be used. */
export function unknownCritical(
  extensions: readonly CrlExtension[],
  known: readonly string[] = [],
): readonly string[] {
  return extensions.filter(({ oid, critical }) => critical && !known.includes(oid)).map(({ oid }) => oid);
}

/**
 * The nonce (RFC 9654 section 2.1), an OCTET STRING of 1 to 128 octets within extnValue. Throws PDP_DER_INVALID; older
 * responders that echo bare octets were asked with an OCTET STRING and give that back.
 */
export function readNonce(extensions: readonly CrlExtension[]): Uint8Array | undefined {
  const extension = extensions.find(({ oid }) => oid === ocspOids.nonce);
  if (extension === undefined) return undefined;
  const reader = new DerReader(extension.value);
  const nonce = readOctets(reader.next());
  reader.end();
  if (nonce.byteLength === 0 || nonce.byteLength > ocspLimits.nonceOctets)
    throw derError(`nonce of ${nonce.byteLength} octets`);
  return nonce;
}
