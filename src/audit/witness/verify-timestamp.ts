import { hash } from 'node:crypto';
import { CertificateError } from '../../identity/certificate-error.ts';
import { nameText } from '../../identity/name-text.ts';
import { parseCertificate } from '../../identity/parse.ts';
import { readSignatureScheme } from '../../identity/signature-algorithm.ts';
import type { Certificate } from '../../identity/types.ts';
import { validateCertificate } from '../../identity/validate.ts';
import { verifySignature } from '../../identity/verify-signature.ts';
import { equalBytes, toHex } from '../../lib/bytes.ts';
import type { EpochMs } from '../../lib/clock.ts';
import type { Tlv } from '../../lib/der/reader.ts';
import { tags } from '../../lib/der/tags.ts';
import { readNull, readOctets, readOid } from '../../lib/der/values.ts';
import { derElement, derOid } from '../../lib/der/write.ts';
import { keyPurposes } from '../../lib/key-purposes.ts';
import { describeThrown } from '../../lib/errors.ts';
import type { SignerInfo } from './signed-data.ts';
import { digestOids, rsaWithDigest, sha256Oid, timestampOids } from './timestamp-oids.ts';
import type { TimestampToken } from './timestamp-response.ts';

/** What a time-stamp is verified for. */
export interface TimestampQuestion {
  /** What was stamped. */
  readonly data: Uint8Array;
  /** CAs that the authority's certificate must chain to, at the time that it stamped. */
  readonly anchors: readonly Certificate[];
  /** The nonce that was sent; absent = unknown, as for a token that was kept. */
  readonly nonce?: Uint8Array;
  /** The policy that was asked for, dotted. */
  readonly policy?: string;
}

/** When the data were there, and by whose word; or why the time-stamp proves nothing. */
export type TimestampVerdict =
  | { readonly at: EpochMs; readonly authority: string; readonly problem?: undefined }
  | { readonly at?: undefined; readonly problem: string };

const timeStamping = keyPurposes['timeStamping'] as string;
const extendedKeyUsageOid = '2.5.29.37';

/**
 * Verifies a time-stamp (RFC 3161 section 2.2): its imprint is that of the data, nonce and policy are those that were
 * asked for, its signed attributes hold the content's digest and name the signer's certificate (RFC 5816), the
 * signature is that certificate's, whose only purpose is time-stamping, critical, and which chains to an anchor at the
 * time of the stamp (RFC 5280 section 6.1). Revocation is not asked. Pure; never throws.
 */
export function verifyTimestamp(token: TimestampToken, question: TimestampQuestion): TimestampVerdict {
  try {
    return verdictOf(token, question);
  } catch (thrown) {
    return refused(describeThrown(thrown));
  }
}

function verdictOf(token: TimestampToken, question: TimestampQuestion): TimestampVerdict {
  const { info, signed } = token;
  const wrong = problemOfInfo(token, question) ?? problemOfAttributes(token);
  if (wrong !== undefined) return refused(wrong);
  const certificates = readable(signed.certificates);
  const signer = [...certificates, ...question.anchors].find((one) => isSigner(one, signed.signer));
  if (signer === undefined) return refused('the certificate of its signer did not come with it');
  const problem =
    problemOfReference(signer, signed.signer) ??
    problemOfPurpose(signer) ??
    problemOfSignature(signer, signed.signer);
  if (problem !== undefined) return refused(problem);
  const path = validateCertificate({
    leaf: signer,
    intermediates: certificates.filter((one) => one !== signer),
    anchors: question.anchors,
    at: info.genTime,
    eku: [timeStamping],
  });
  const who = nameText(signer.subject);
  if (path.valid) return { at: info.genTime, authority: who };
  const why = path.reasons.map(({ code, message }) => (message === '' ? code : `${code} (${message})`));
  return refused(`the certificate of ${who} does not lead to a configured authority: ${why.join('; ')}`);
}

function refused(problem: string): TimestampVerdict {
  return { problem };
}

function problemOfInfo({ info }: TimestampToken, question: TimestampQuestion): string | undefined {
  const digest = digestOids.get(info.imprint.algorithm);
  if (digest === undefined) return `its imprint is by ${info.imprint.algorithm}, which is not accepted`;
  if (!equalBytes(hash(digest, question.data, 'buffer'), info.imprint.digest))
    return 'it is the stamp of something else: the imprint differs';
  const { nonce, policy } = question;
  if (nonce !== undefined && info.nonce !== withoutZeros(nonce))
    return info.nonce === null ? 'it does not repeat the nonce' : 'it has another nonce than was sent';
  if (policy !== undefined && info.policy !== policy)
    return `it was made by policy ${info.policy} instead of ${policy}`;
  return undefined;
}

function withoutZeros(nonce: Uint8Array): string {
  return toHex(nonce).replace(/^(00)+(?=..)/, '');
}

function problemOfAttributes({ signed }: TimestampToken): string | undefined {
  const { attributes, digestOid } = signed.signer;
  const type = attributes.get(timestampOids.contentType);
  if (type === undefined || readOid(type) !== signed.contentType)
    return 'its signed attributes name another type of content';
  const digest = digestOids.get(digestOid);
  if (digest === undefined) return `its digest is by ${digestOid}, which is not accepted`;
  const told = attributes.get(timestampOids.messageDigest);
  if (told === undefined || !equalBytes(readOctets(told), hash(digest, signed.content, 'buffer')))
    return 'its signed attributes have another digest of the content';
  return undefined;
}

function readable(certificates: readonly Uint8Array[]): Certificate[] {
  return certificates.flatMap((der) => {
    try {
      return [parseCertificate(der)];
    } catch (thrown) {
      // What cannot be read leads nowhere, and an authority may send more than its path.
      if (thrown instanceof CertificateError) return [];
      throw thrown;
    }
  });
}

function isSigner(certificate: Certificate, { sid }: SignerInfo): boolean {
  if (sid.keyId !== undefined)
    return certificate.subjectKeyId !== undefined && equalBytes(certificate.subjectKeyId, sid.keyId);
  return certificate.serial === sid.serial && equalBytes(certificate.issuer.der, sid.issuerDer);
}

/** RFC 5816: the first ESSCertIDv2 (or, for SHA-1, ESSCertID) is the signer's. One that is there must fit. */
function problemOfReference(signer: Certificate, { attributes }: SignerInfo): string | undefined {
  const v2 = attributes.get(timestampOids.signingCertificateV2);
  const v1 = attributes.get(timestampOids.signingCertificate);
  if (v1 === undefined && v2 === undefined) return 'its signed attributes name no certificate of the signer';
  const fits = (v1 === undefined || namesV1(v1, signer.der)) && (v2 === undefined || namesV2(v2, signer.der));
  return fits ? undefined : "its signed attributes name another certificate than the signer's";
}

function namesV1(value: Tlv, der: Uint8Array): boolean {
  const first = value.open().enter(tags.sequence).enter(tags.sequence);
  return equalBytes(readOctets(first.next()), hash('sha1', der, 'buffer'));
}

function namesV2(value: Tlv, der: Uint8Array): boolean {
  const first = value.open().enter(tags.sequence).enter(tags.sequence);
  const algorithm = first.optional(tags.sequence)?.open();
  const oid = algorithm === undefined ? sha256Oid : readOid(algorithm.read(tags.oid));
  if (algorithm !== undefined && !algorithm.done) readNull(algorithm.next());
  const digest = digestOids.get(oid);
  return digest !== undefined && equalBytes(readOctets(first.next()), hash(digest, der, 'buffer'));
}

/** RFC 3161 section 2.3: extended key usage is critical and has that one purpose. */
function problemOfPurpose({ extendedKeyUsage, extensions, subject }: Certificate): string | undefined {
  const critical = extensions.get(extendedKeyUsageOid)?.critical === true;
  if (critical && extendedKeyUsage?.length === 1 && extendedKeyUsage[0] === timeStamping) return undefined;
  return `the certificate of ${nameText(subject)} is not for time-stamping alone`;
}

function problemOfSignature(signer: Certificate, info: SignerInfo): string | undefined {
  const digest = digestOids.get(info.digestOid);
  if (digest === undefined) return `its digest is by ${info.digestOid}, which is not accepted`;
  const named = info.algorithm.oid === timestampOids.rsaEncryption;
  const algorithmDer = named
    ? derElement(tags.sequence, derOid(rsaWithDigest[digest]), derElement(tags.null))
    : info.algorithm.der;
  const scheme = readSignatureScheme(algorithmDer);
  if (scheme !== undefined && scheme.digest !== null && scheme.digest !== digest)
    return 'its signature is by another digest than its attributes';
  const verdict = verifySignature({
    algorithmOid: info.algorithm.oid,
    algorithmDer,
    spki: signer.spki,
    key: signer.key,
    data: info.signedBytes,
    signature: info.signature,
  });
  return verdict === 'valid' ? undefined : `its signature is ${verdict}`;
}
