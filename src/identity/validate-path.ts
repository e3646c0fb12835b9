import type { Finding } from '../lib/reason-code.ts';
import { checkCa } from './ca-checks.ts';
import { checkExtensions, checkKey } from './certificate-checks.ts';
import { lintPath, strictFindings } from './lint.ts';
import { checkNameConstraints } from './name-constraints.ts';
import type { PathInputs } from './path-inputs.ts';
import { checkPolicies } from './policy-checks.ts';
import { checkPurposes } from './purpose-checks.ts';
import { readSignatureScheme } from './signature-algorithm.ts';
import type { Certificate } from './types.ts';
import { checkValidity } from './validity.ts';
import type { SignatureVerdict } from './verify-signature.ts';

/**
 * Validates one certification path (RFC 5280 section 6.1), leaf first and the anchor's certificate last, whose own
 * validity, constraints, policies and critical extensions count as RFC 5937 has it; its signature does not, nothing
 * rests on it. One certificate alone is leaf and anchor both: it is judged as a leaf that its own key signed. All that
 * is wrong is told; the path is valid where nothing is. Pure: time, signatures and bounds come in as inputs.
 */
export function validatePath(path: readonly Certificate[], inputs: PathInputs): Finding[] {
  const findings: Finding[] = [...checkLeaf(path[0] as Certificate, inputs), ...checkDepth(path, inputs)];
  for (let place = 1; place < path.length; place++) findings.push(...checkCa(path, place, inputs));
  findings.push(
    ...checkPurposes(path, inputs.purposes),
    ...checkNameConstraints(path, inputs.work),
    ...checkPolicies(path, inputs),
    ...checkIssuing(path, inputs),
    ...(inputs.at === undefined ? [] : checkValidity({ certificates: path }, inputs.at, 'includes')),
  );
  if (inputs.strict) findings.push(...strictFindings(lintPath(path)));
  return findings;
}

function checkLeaf(leaf: Certificate, inputs: PathInputs): Finding[] {
  return [...checkExtensions(leaf, 0), ...checkKey(leaf, 0, inputs)];
}

function checkDepth(path: readonly Certificate[], { maxIntermediates }: PathInputs): Finding[] {
  const found = Math.max(0, path.length - 2);
  if (maxIntermediates === undefined || found <= maxIntermediates) return [];
  return [
    { code: 'chain.too_long', detail: { certificate: path.length - 1, allowed: maxIntermediates, found } },
  ];
}

/** RFC 5280 section 6.1.3 (a)(1) and (4): each certificate names the next as its issuer and is signed by its key. */
function checkIssuing(path: readonly Certificate[], inputs: PathInputs): Finding[] {
  const signed = path.length === 1 ? path : path.slice(0, -1);
  return signed.flatMap((certificate, place) => {
    const issuer = path[place + 1] ?? certificate;
    const named = certificate.issuer.key === issuer.subject.key;
    const verdict = named ? inputs.verdict(certificate, issuer) : 'invalid';
    return checkSignature(certificate, place, verdict, inputs);
  });
}

function checkSignature(
  certificate: Certificate,
  place: number,
  verdict: SignatureVerdict | undefined,
  inputs: PathInputs,
): Finding[] {
  const detail = { certificate: place, algorithm: certificate.signatureAlgorithm.oid };
  if (verdict === undefined || verdict === 'invalid') return [{ code: 'chain.signature_invalid', detail }];
  if (verdict === 'valid' && isDigestAccepted(certificate, inputs)) return [];
  return [{ code: 'credential.weak_signature', detail }];
}

function isDigestAccepted(certificate: Certificate, { allowSha1 }: PathInputs): boolean {
  const digest = readSignatureScheme(certificate.signatureAlgorithm.der)?.digest;
  if (digest === 'md5') return false;
  return digest !== 'sha1' || allowSha1;
}
