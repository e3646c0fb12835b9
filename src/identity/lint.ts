import { equalBytes } from '../lib/bytes.ts';
import type { Finding } from '../lib/reason-code.ts';
import { isStrictHostName } from './host-name.ts';
import { type LintCode, lintTable } from './lint-table.ts';
import { isSelfIssued } from './name.ts';
import { extensionOids } from './oids.ts';
import { signedBy } from './signature-memo.ts';
import type { Certificate, GeneralName, Lint, Subtree } from './types.ts';
import { verifySignature } from './verify-signature.ts';

/** Everything of `lintTable` that a path shows, leaf first; the same for every time. */
export function lintPath(path: readonly Certificate[]): Lint[] {
  return path.flatMap((certificate, place) => {
    const issuer = path[place + 1];
    const codes = [
      ...(certificate.oddities as readonly LintCode[]),
      ...ownLintOf(certificate),
      ...(place === 0 ? leafLint(certificate) : caLint(certificate)),
      ...keyIdentifierLint(certificate, issuer),
    ];
    return codes.map((code) => lint(code, place));
  });
}

/** One row of the table about the certificate at a place; null = about none of the path. */
export function lint(code: LintCode, certificate: number | null, note?: string): Lint {
  const { text } = lintTable[code];
  return { code, message: note === undefined ? text : `${text}: ${note}`, certificate };
}

/** The same as reasons to deny, for anchors that are strict. */
export function strictFindings(remarks: readonly Lint[]): Finding[] {
  return remarks.map(({ code, message, certificate }) => ({
    code: 'credential.lint_strict',
    detail: { ...(certificate === null ? {} : { certificate }), lint: code, problem: message },
  }));
}

const known = new WeakMap<Certificate, readonly LintCode[]>();

/** What a certificate shows wherever it stands, worked out once over all the paths that it is in. */
function ownLintOf(certificate: Certificate): readonly LintCode[] {
  let codes = known.get(certificate);
  if (codes === undefined) known.set(certificate, (codes = ownLint(certificate)));
  return codes;
}

function ownLint(certificate: Certificate): LintCode[] {
  const { subject, subjectAltNames, keyUsage } = certificate;
  const codes: LintCode[] = [];
  if (isCritical(certificate, extensionOids.authorityKeyIdentifier)) codes.push('aki_critical');
  if (isCritical(certificate, extensionOids.subjectKeyIdentifier)) codes.push('ski_critical');
  if (keyUsage?.size === 0) codes.push('key_usage_empty');
  if (signsOnly(certificate) && encrypting.some((usage) => keyUsage?.has(usage))) {
    codes.push('key_usage_of_other_keys');
  }
  if (isUncritical(certificate, extensionOids.nameConstraints)) codes.push('name_constraints_not_critical');
  if (isUncritical(certificate, extensionOids.policyConstraints))
    codes.push('policy_constraints_not_critical');
  if (isUncritical(certificate, extensionOids.inhibitAnyPolicy))
    codes.push('inhibit_any_policy_not_critical');
  if (subject.key === '' && subjectAltNames.length === 0) codes.push('subject_missing');
  if (subject.key === '' && isUncritical(certificate, extensionOids.subjectAltName))
    codes.push('san_not_critical');
  if (subjectAltNames.some((name) => !isWellFormed(name))) codes.push('san_form');
  return codes;
}

const encrypting = ['keyEncipherment', 'dataEncipherment', 'keyAgreement', 'encipherOnly', 'decipherOnly'];

function signsOnly({ key }: Certificate): boolean {
  return /^(?:ed|ml-dsa)/.test(key.algorithm);
}

/** A leaf may be a CA's certificate here; then the rules for CAs count but for the key identifier. */
function leafLint(leaf: Certificate): LintCode[] {
  const codes: LintCode[] = [];
  const isCa = leaf.basicConstraints?.ca === true;
  if (leaf.version < 3) codes.push('version_not_3');
  if (!isCa && leaf.keyUsage?.has('keyCertSign')) codes.push('cert_sign_without_ca');
  if (!isCa && leaf.nameConstraints !== undefined) codes.push('name_constraints_outside_ca');
  return codes;
}

function caLint(ca: Certificate): LintCode[] {
  const codes: LintCode[] = [];
  if (isUncritical(ca, extensionOids.basicConstraints)) codes.push('basic_constraints_not_critical');
  if (ca.keyUsage === undefined) codes.push('key_usage_missing');
  if (ca.subjectKeyId === undefined) codes.push('ski_missing');
  const { permitted = [], excluded = [] } = ca.nameConstraints ?? {};
  if ([...permitted, ...excluded].some(startsWithPeriod)) codes.push('name_constraint_leading_period');
  return codes;
}

/** RFC 5280 section 4.2.1.1: only what signed itself, as anchors do, may leave it out. */
function keyIdentifierLint(certificate: Certificate, issuer: Certificate | undefined): LintCode[] {
  const { authorityKeyId } = certificate;
  if (authorityKeyId === undefined)
    return issuer === undefined && isSelfSigned(certificate) ? [] : ['aki_missing'];
  const { subjectKeyId } = issuer ?? {};
  return subjectKeyId === undefined || equalBytes(authorityKeyId, subjectKeyId) ? [] : ['aki_mismatch'];
}

const selfSigned = new WeakMap<Certificate, boolean>();

/** Whether a certificate's own key made its signature, as far as that can be verified; worked out once for each. */
function isSelfSigned(certificate: Certificate): boolean {
  let own = selfSigned.get(certificate);
  if (own === undefined) {
    const verdict = verifySignature(signedBy(certificate, certificate), 'verify');
    own = verdict === 'valid' || (verdict !== 'invalid' && isSelfIssued(certificate));
    selfSigned.set(certificate, own);
  }
  return own;
}

function startsWithPeriod(subtree: Subtree): boolean {
  return subtree.kind === 'dns' && subtree.value.startsWith('.');
}

function isCritical({ extensions }: Certificate, oid: string): boolean {
  return extensions.get(oid)?.critical === true;
}

function isUncritical({ extensions }: Certificate, oid: string): boolean {
  return extensions.get(oid)?.critical === false;
}

/** RFC 5280 section 4.2.1.6: host names (a wildcard label let through), absolute URIs, mailboxes. */
function isWellFormed(name: GeneralName): boolean {
  switch (name.kind) {
    case 'dns':
      return isStrictHostName(name.value.replace(/^\*\./, ''));
    case 'uri':
      return /^[A-Za-z][A-Za-z0-9+.-]*:[\x21-\x7e]+$/.test(name.value);
    case 'email':
      return isMailbox(name.value);
    case 'ip':
    case 'dn':
    case 'other':
    case 'unsupported':
      return true;
  }
}

/** A quoted local part may hold anything but controls. */
function isMailbox(text: string): boolean {
  const at = text.lastIndexOf('@');
  const [local, host] = [text.slice(0, Math.max(at, 0)), text.slice(at + 1)];
  return isStrictHostName(host) && /^(?:[^\s@"\p{C}]+|"[^"\p{Cc}]+")$/u.test(local);
}
