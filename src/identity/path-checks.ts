import type { Finding } from '../lib/reason-code.ts';
import { checkCa } from './ca-checks.ts';
import { checkLeaf, checkStatedPurpose } from './leaf-checks.ts';
import { profiles } from './profiles/index.ts';
import { readSignatureScheme } from './signature-algorithm.ts';
import type { Certificate, CertificationPath } from './types.ts';
import type { SignatureVerdict } from './verify-signature.ts';

/**
 * Everything about a path that does not depend on time: empty where it holds. `verdicts` are those on the signatures
 * of all certificates but the anchor's, whose own signature nothing rests on. Names chain because the path was built
 * by them.
 */
export function checkPath(path: CertificationPath, verdicts: readonly SignatureVerdict[]): Finding[] {
  const { anchor, certificates } = path;
  const leaf = certificates[0] as Certificate;
  const findings = checkLeaf(leaf);
  if (profiles[anchor.profile.kind].statedPurpose === 'required') findings.push(...checkStatedPurpose(leaf));
  for (let place = 1; place < certificates.length; place++) findings.push(...checkCa(certificates, place));
  for (const [place, verdict] of verdicts.entries()) {
    findings.push(...checkSignature(certificates[place] as Certificate, place, verdict, anchor.allowSha1));
  }
  return findings;
}

function checkSignature(
  certificate: Certificate,
  place: number,
  verdict: SignatureVerdict,
  allowSha1: boolean,
): Finding[] {
  const detail = { certificate: place, algorithm: certificate.signatureAlgorithm.oid };
  if (verdict === 'invalid') return [{ code: 'chain.signature_invalid', detail }];
  if (verdict === 'valid' && isDigestAccepted(certificate, allowSha1)) return [];
  return [{ code: 'credential.weak_signature', detail }];
}

function isDigestAccepted(certificate: Certificate, allowSha1: boolean): boolean {
  const digest = readSignatureScheme(certificate.signatureAlgorithm.der)?.digest;
  if (digest === 'md5') return false;
  return digest !== 'sha1' || allowSha1;
}
