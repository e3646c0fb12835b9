import { Budget } from '../lib/budget.ts';
import { pathLimits } from './path-limits.ts';
import type { TrustIndex } from './trust-index.ts';
import type { Certificate } from './types.ts';
import { type SignatureVerdict, verifySignature } from './verify-signature.ts';

/**
 * Verifies each signature once: over a configured certificate by a configured key once and for all, over a sent one
 * once within one search, and no more of those than the search's budget.
 */
export class SignatureMemo {
  readonly #index: TrustIndex;
  readonly #budget = new Budget(pathLimits.signatures);
  readonly #own = new Map<string, Map<string, SignatureVerdict>>();

  constructor(index: TrustIndex) {
    this.#index = index;
  }

  /** Whether `issuer`'s key made the signature over `certificate`; undefined once the budget is exhausted. */
  verdict(certificate: Certificate, issuer: Certificate): SignatureVerdict | undefined {
    const memo = this.#memoOf(certificate, issuer);
    const known = memo.get(issuer.keyDigest);
    if (known !== undefined) return known;
    if (!this.#budget.spend()) return undefined;
    // Whether SHA-1 is good enough the anchor says, which is known only at the end of the path.
    const verdict = verifySignature(signedData(certificate, issuer), 'verify');
    memo.set(issuer.keyDigest, verdict);
    return verdict;
  }

  #memoOf(certificate: Certificate, issuer: Certificate): Map<string, SignatureVerdict> {
    const { fingerprint } = certificate;
    const configured = this.#index.keyDigests.has(issuer.keyDigest)
      ? this.#index.verdicts.get(fingerprint)
      : undefined;
    if (configured !== undefined) return configured;
    let own = this.#own.get(fingerprint);
    if (own === undefined) this.#own.set(fingerprint, (own = new Map<string, SignatureVerdict>()));
    return own;
  }
}

function signedData(certificate: Certificate, issuer: Certificate): Parameters<typeof verifySignature>[0] {
  return {
    algorithmOid: certificate.signatureAlgorithm.oid,
    algorithmDer: certificate.signatureAlgorithm.der,
    spki: issuer.spki,
    key: issuer.key,
    data: certificate.tbs,
    signature: certificate.signature,
  };
}
