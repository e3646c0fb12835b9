import { nameText } from '../identity/name-text.ts';
import type { Certificate } from '../identity/types.ts';
import { validateCertificate } from '../identity/validate.ts';
import { verifySignature, type SignatureVerdict } from '../identity/verify-signature.ts';
import { Budget } from '../lib/budget.ts';
import { equalBytes } from '../lib/bytes.ts';
import type { EpochMs } from '../lib/clock.ts';
import type { Finding } from '../lib/reason-code.ts';
import type { CrlHeader } from './crl-header.ts';
import { crlLimits } from './limits.ts';
import type { ParsedCrl } from './parse-crl.ts';
import { reachableNames } from './reachable-names.ts';

/** Who signed a CRL with the right to; or why nobody is known to have. */
export type Authority =
  | { readonly signer: Pick<Certificate, 'keyDigest'>; readonly problem?: undefined }
  | {
      readonly signer?: undefined;
      readonly problem: string;
      /** A key that vouches for the CRL's issuer did sign, but its certificate does not allow it to sign CRLs. */
      readonly withoutRight?: Certificate;
    };

/** What CRL issuers are looked for with. */
export interface AuthorityQuestion {
  readonly at: EpochMs;
  /** Where every path ends: the anchor of the path that is asked about. */
  readonly anchor: Certificate;
  /** Certificates that may belong to CRL issuers. */
  readonly certificates: readonly Certificate[];
}

/** Judges the revocation of a CRL issuer's own path; no findings where it may be believed. */
export type JudgePath = (path: readonly Certificate[], opened: readonly Certificate[]) => readonly Finding[];

/** A CRL from its bytes; or one whose signature was verified before, with whose key is known. */
export type SignedCrl = ParsedCrl | VerifiedCrl;

export interface VerifiedCrl extends CrlHeader {
  /** SHA-256 (hex) of the SubjectPublicKeyInfo that it is signed with. */
  readonly signerKey: string;
  readonly issuerName: string;
}

const verdicts = new WeakMap<ParsedCrl, Map<string, SignatureVerdict>>();

/** Whether it is known already what `signatureOf` answers. */
function isVerified(crl: SignedCrl, signer: Certificate): boolean {
  if ('signerKey' in crl) return true;
  return verdicts.get(crl)?.has(signer.keyDigest) ?? false;
}

/** Whether a key signed a CRL; each pair is verified once for as long as the CRL lives. */
function signatureOf(crl: SignedCrl, signer: Certificate): SignatureVerdict {
  if ('signerKey' in crl) return crl.signerKey === signer.keyDigest ? 'valid' : 'invalid';
  let own = verdicts.get(crl);
  if (own === undefined) verdicts.set(crl, (own = new Map<string, SignatureVerdict>()));
  const known = own.get(signer.keyDigest);
  if (known !== undefined) return known;
  const verdict = verifySignature({
    algorithmOid: crl.signatureAlgorithm.oid,
    algorithmDer: crl.signatureAlgorithm.der,
    spki: signer.spki,
    key: signer.key,
    data: crl.tbs,
    signature: crl.signature,
  });
  own.set(signer.keyDigest, verdict);
  return verdict;
}

/**
 * Finds who signed a CRL (RFC 5280 section 6.3.3 (f) and (g)): a certificate of the CRL issuer's name whose key
 * verifies the signature, allowed to sign CRLs where it has a keyUsage, and with a path of its own to the same anchor.
 */
export class CrlAuthorities {
  readonly #question: AuthorityQuestion;
  readonly #judgePath: JudgePath;
  readonly #budget = new Budget(crlLimits.issuerPaths);
  readonly #signatures = new Budget(crlLimits.signatures);
  readonly #trusted = new Map<string, boolean>();

  constructor(question: AuthorityQuestion, judgePath: JudgePath) {
    this.#question = question;
    this.#judgePath = judgePath;
  }

  /**
   * `path` is the one that the CRL is used for: its CAs are validated already. `opened` are the certificates whose
   * revocation is being judged: none of them can vouch for itself, but for `delegate`, whose issuer names it as the
   * issuer of the CRL that it is itself on.
   */
  find(
    crl: SignedCrl,
    path: readonly Certificate[],
    opened: readonly Certificate[],
    delegate?: Certificate,
  ): Authority {
    const candidates = this.#candidates(crl, path);
    if (candidates.length === 0) {
      return { problem: `no certificate of its issuer ${issuerText(crl)} is there` };
    }
    let failure: Authority | undefined;
    for (const candidate of candidates) {
      if (!isVerified(crl, candidate) && !this.#signatures.spend()) {
        return { problem: `more than ${crlLimits.signatures} signatures over CRLs were verified` };
      }
      const verdict = signatureOf(crl, candidate);
      const found = verdict === 'valid' ? this.#judge(candidate, path, opened, delegate) : refusal(verdict);
      if (found.signer !== undefined) return found;
      if (failure === undefined || verdict === 'valid') failure = found;
    }
    return failure as Authority;
  }

  /** Certificates with the CRL issuer's name: those of the path first, then those that its key identifier names. */
  #candidates(crl: SignedCrl, path: readonly Certificate[]): readonly Certificate[] {
    const all = new Map<string, Certificate>();
    const others = this.#question.certificates;
    for (const one of [...path.slice(1), this.#question.anchor, ...others]) {
      if (one.subject.key === crl.issuer.key && !all.has(one.fingerprint)) all.set(one.fingerprint, one);
    }
    const found = [...all.values()];
    const named = found.filter((one) => namesKey(crl, one));
    return [...named, ...found.filter((one) => !named.includes(one))];
  }

  #judge(
    candidate: Certificate,
    path: readonly Certificate[],
    opened: readonly Certificate[],
    delegate: Certificate | undefined,
  ): Authority {
    if (candidate.keyUsage && !candidate.keyUsage.has('cRLSign')) {
      const problem = `its signer ${nameText(candidate.subject)} has no right to sign CRLs (keyUsage without cRLSign)`;
      return { problem, withoutRight: candidate };
    }
    const validated = path.some((one, place) => place > 0 && same(one, candidate));
    if (validated || same(candidate, this.#question.anchor)) return { signer: candidate };
    if (delegate !== undefined && same(candidate, delegate)) return { signer: candidate };
    if (opened.some((one) => same(one, candidate)))
      return { problem: 'its signer would vouch for its own revocation status' };
    if (this.#isTrusted(candidate, opened)) return { signer: candidate };
    return { problem: `its signer ${nameText(candidate.subject)} has no valid path to the anchor` };
  }

  /** What hangs on certificates that are being judged just now is not kept: elsewhere it may come out otherwise. */
  #isTrusted(candidate: Certificate, opened: readonly Certificate[]): boolean {
    const known = this.#trusted.get(candidate.fingerprint);
    if (known !== undefined) return known;
    const { certificates, anchor, at } = this.#question;
    // CAs of other anchors often bear the same name: that is seen without a search.
    if (!reachableNames(certificates, anchor).has(candidate.issuer.key)) return false;
    if (opened.length > crlLimits.issuerDepth || !this.#budget.spend()) return false;
    const { valid } = validateCertificate({
      leaf: candidate,
      intermediates: certificates,
      anchors: [anchor],
      at,
      accept: (path) => this.#judgePath(path, [...opened, candidate]),
    });
    if (valid || opened.length <= 1) this.#trusted.set(candidate.fingerprint, valid);
    return valid;
  }
}

function issuerText(crl: SignedCrl): string {
  return 'signerKey' in crl ? crl.issuerName : nameText(crl.issuer);
}

function refusal(verdict: Exclude<SignatureVerdict, 'valid'>): Authority {
  if (verdict === 'invalid') return { problem: 'its signature is wrong' };
  if (verdict === 'weak') return { problem: 'its signature algorithm or its signer’s key is too weak' };
  return { problem: 'its signature algorithm is not supported' };
}

function namesKey(crl: SignedCrl, candidate: Certificate): boolean {
  const { authorityKeyId } = crl;
  const { subjectKeyId } = candidate;
  return !authorityKeyId || !subjectKeyId || equalBytes(authorityKeyId, subjectKeyId);
}

function same(a: Certificate, b: Certificate): boolean {
  return a.fingerprint === b.fingerprint;
}
