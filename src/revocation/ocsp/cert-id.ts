import { createHash } from 'node:crypto';
import type { Certificate } from '../../identity/types.ts';
import { equalBytes } from '../../lib/bytes.ts';
import { DerReader } from '../../lib/der/reader.ts';
import { tags } from '../../lib/der/tags.ts';
import { readOctetAlignedBits } from '../../lib/der/values.ts';
import type { CertId } from './types.ts';

/** What of a CA CertIDs and ResponderIDs are made of. */
export type OcspIssuer = Pick<Certificate, 'subject' | 'spki'>;

/** Digests that name a CA in CertIDs. */
export interface IssuerHashes {
  readonly name: Uint8Array;
  readonly key: Uint8Array;
}

/** The key itself within a SubjectPublicKeyInfo, which is what OCSP hashes. Throws PDP_DER_INVALID. */
export function keyBits(spki: Uint8Array): Uint8Array {
  const fields = new DerReader(spki).enter(tags.sequence);
  fields.read(tags.sequence);
  return readOctetAlignedBits(fields.read(tags.bitString));
}

/** Digests of a CA's name and key (RFC 6960 section 4.1.1). */
export function issuerHashes({ subject, spki }: OcspIssuer, hash: 'sha1' | 'sha256'): IssuerHashes {
  const digest = (bytes: Uint8Array): Uint8Array => createHash(hash).update(bytes).digest();
  return { name: digest(subject.der), key: digest(keyBits(spki)) };
}

/** Whether a CertID is that of a CA's certificate with this serial number (lower-case hex). */
export function isCertIdOf(certId: CertId, issuer: OcspIssuer, serial: string): boolean {
  if (certId.hash === undefined || certId.serial !== serial) return false;
  const { name, key } = issuerHashes(issuer, certId.hash);
  return equalBytes(certId.issuerNameHash, name) && equalBytes(certId.issuerKeyHash, key);
}
