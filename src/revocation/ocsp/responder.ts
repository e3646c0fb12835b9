import { createHash } from 'node:crypto';
import { nameText } from '../../identity/name-text.ts';
import { parseCertificate } from '../../identity/parse.ts';
import type { Certificate } from '../../identity/types.ts';
import { verifySignature, type SignatureVerdict } from '../../identity/verify-signature.ts';
import { equalBytes, toHex } from '../../lib/bytes.ts';
import { formatInstant, type EpochMs } from '../../lib/clock.ts';
import { describeThrown } from '../../lib/errors.ts';
import { isAhead } from '../freshness.ts';
import { keyBits } from './cert-id.ts';
import { ocspLimits } from './limits.ts';
import { ocspOids } from './oids.ts';
import type { AnswerSigner, BasicResponse, ResponderId } from './types.ts';

/** What is known of the revocation of a responder's own certificate. */
export type SignerStatus = 'good' | 'revoked' | 'unknown';

/** By what a responder is believed. */
export interface ResponderTrust {
  /** The CA whose certificates are asked about. */
  readonly issuer: Certificate;
  readonly now: EpochMs;
  /** Certificates that the configuration names as this CA's responders. */
  readonly signers?: readonly Certificate[];
  /** Of a certificate of the CA, by its CRLs; unknown where absent. */
  readonly signerStatus?: (signer: Certificate) => SignerStatus;
}

/** Whose word an answer is, or why it is nobody's that counts. */
export type FoundSigner =
  | { readonly signer: AnswerSigner; readonly problem?: undefined }
  | { readonly signer?: undefined; readonly problem: string };

/**
 * Finds who signed an answer with the right to (RFC 6960 sections 3.2 and 4.2.2.2): the CA itself, a certificate that the
 * configuration names, or one that came with the answer, was issued by that very CA and is for signing answers. Signature
 * algorithms and keys have to be as strong as those of certificates.
 */
export function findSigner(basic: BasicResponse, trust: ResponderTrust): FoundSigner {
  const sent = readSent(basic.certificates);
  if (typeof sent === 'string') return { problem: sent };
  const candidates = [trust.issuer, ...(trust.signers ?? []), ...sent].filter((one) =>
    isMeant(basic.responder, one),
  );
  let problem = `no certificate of its responder ${responderText(basic.responder)} is there`;
  for (const candidate of candidates.slice(0, ocspLimits.signatures)) {
    const found = judgeCandidate(basic, candidate, trust);
    if (found === undefined) return { signer: { certificate: candidate, role: roleOf(candidate, trust) } };
    problem = found;
  }
  return { problem };
}

function readSent(certificates: readonly Uint8Array[]): readonly Certificate[] | string {
  try {
    return certificates.map(parseCertificate);
  } catch (thrown) {
    return `a certificate that came with it cannot be read: ${describeThrown(thrown)}`;
  }
}

function isMeant(responder: ResponderId, candidate: Certificate): boolean {
  if (responder.by === 'name') return candidate.subject.key === responder.name.key;
  return equalBytes(createHash('sha1').update(keyBits(candidate.spki)).digest(), responder.keyHash);
}

/** Why this certificate does not vouch for the answer; undefined where it does. */
function judgeCandidate(
  basic: BasicResponse,
  candidate: Certificate,
  trust: ResponderTrust,
): string | undefined {
  const { now } = trust;
  const name = nameText(candidate.subject);
  if (roleOf(candidate, trust) === 'delegate') {
    const refused = refusedDelegate(candidate, trust);
    if (refused !== undefined) return `its responder ${name} ${refused}`;
  }
  if (now < candidate.notBefore)
    return `its responder ${name} is not valid before ${formatInstant(candidate.notBefore)}`;
  if (now > candidate.notAfter)
    return `its responder ${name} expired at ${formatInstant(candidate.notAfter)}`;
  if (isAhead(candidate.notBefore, basic.producedAt))
    return `it was produced before its responder ${name} was there`;
  const verdict = verifySignature({
    algorithmOid: basic.signatureAlgorithm.oid,
    algorithmDer: basic.signatureAlgorithm.der,
    spki: candidate.spki,
    key: candidate.key,
    data: basic.tbs,
    signature: basic.signature,
  });
  return verdict === 'valid' ? undefined : signatureProblem(verdict);
}

function roleOf(
  { fingerprint }: Certificate,
  { issuer, signers = [] }: ResponderTrust,
): AnswerSigner['role'] {
  if (fingerprint === issuer.fingerprint) return 'issuer';
  return signers.some((one) => one.fingerprint === fingerprint) ? 'configured' : 'delegate';
}

function signatureProblem(verdict: Exclude<SignatureVerdict, 'valid'>): string {
  if (verdict === 'invalid') return 'its signature is wrong';
  if (verdict === 'weak') return 'its signature algorithm or its responder’s key is too weak';
  return 'its signature algorithm is not supported';
}

/** Why a certificate has no right to answer for the CA (section 4.2.2.2); undefined where it has. */
function refusedDelegate(
  candidate: Certificate,
  { issuer, signerStatus }: ResponderTrust,
): string | undefined {
  if (candidate.issuer.key !== issuer.subject.key) return 'was not issued by the CA that is asked about';
  if (!candidate.extendedKeyUsage?.includes(ocspOids.signing))
    return 'has no right to answer (extendedKeyUsage without id-kp-OCSPSigning)';
  if (
    candidate.keyUsage &&
    !candidate.keyUsage.has('digitalSignature') &&
    !candidate.keyUsage.has('nonRepudiation')
  )
    return 'has no right to sign (keyUsage without digitalSignature)';
  const unknown = candidate.unknownCritical.filter((oid) => oid !== ocspOids.noCheck);
  if (unknown.length > 0) return `has the critical extension ${unknown[0] ?? ''}, which is unknown`;
  const verdict = verifySignature({
    algorithmOid: candidate.signatureAlgorithm.oid,
    algorithmDer: candidate.signatureAlgorithm.der,
    spki: issuer.spki,
    key: issuer.key,
    data: candidate.tbs,
    signature: candidate.signature,
  });
  if (verdict !== 'valid') return 'has a certificate that the CA that is asked about did not sign';
  const status = signerStatus?.(candidate) ?? 'unknown';
  if (status === 'revoked') return 'has been revoked';
  if (status === 'good' || goesUnchecked(candidate)) return undefined;
  return 'may have been revoked: its certificate has no id-pkix-ocsp-nocheck, and no CRL tells';
}

/** Whether a delegate counts also where nobody knows that it is not revoked (section 4.2.2.2.1). */
export function goesUnchecked({ extensions }: Certificate): boolean {
  return extensions.has(ocspOids.noCheck);
}

function responderText(responder: ResponderId): string {
  return responder.by === 'name' ? nameText(responder.name) : `with the key ${toHex(responder.keyHash)}`;
}
