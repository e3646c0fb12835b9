import { Budget } from '../lib/budget.ts';
import { pathLimits } from './path-limits.ts';
import { signatureCost } from './signature-cost.ts';
import type { IssuerIndex } from './trust-index.ts';
import type { Certificate } from './types.ts';
import { type SignatureVerdict, type SignedData, verifySignature } from './verify-signature.ts';

/** Verdicts on one certificate's signature, by the digest of the key that is said to have made it. */
export type Verdicts = Map<string, SignatureVerdict>;

/** Most keys whose verdict is kept with one certificate beyond a search. */
const maxKept = 64;

/**
 * Verifies each signature once: over a configured certificate by a configured key once and for all, over a sent one
 * once within one search, and no more of those than the search's budget. `kept` names certificates whose verdicts
 * outlive the search, such as those of a bundle that many requests share.
 */
export class SignatureMemo {
  readonly #index: Pick<IssuerIndex<unknown>, 'verdicts' | 'keyDigests'>;
  readonly #budget = new Budget(pathLimits.signatures);
  readonly #own = new Map<string, Verdicts>();
  readonly #kept: (certificate: Certificate) => Verdicts | undefined;

  constructor(
    index: Pick<IssuerIndex<unknown>, 'verdicts' | 'keyDigests'>,
    kept: (certificate: Certificate) => Verdicts | undefined = () => undefined,
  ) {
    this.#index = index;
    this.#kept = kept;
  }

  /** Whether `issuer`'s key made the signature over `certificate`; undefined once the budget is exhausted. */
  verdict(certificate: Certificate, issuer: Certificate): SignatureVerdict | undefined {
    const memo = this.#memoOf(certificate, issuer);
    const known = memo.get(issuer.keyDigest);
    if (known !== undefined) return known;
    if (!this.#budget.spend(signatureCost(issuer.key))) return undefined;
    // Whether SHA-1 and small keys are good enough the anchor says, which is known only at the end of the path.
    const verdict = verifySignature(signedBy(certificate, issuer), 'verify');
    memo.set(issuer.keyDigest, verdict);
    return verdict;
  }

  #memoOf(certificate: Certificate, issuer: Certificate): Verdicts {
    const { fingerprint } = certificate;
    const configured = this.#index.keyDigests.has(issuer.keyDigest)
      ? this.#index.verdicts.get(fingerprint)
      : undefined;
    if (configured !== undefined) return configured;
    const kept = this.#kept(certificate);
    if (kept !== undefined && (kept.size < maxKept || kept.has(issuer.keyDigest))) return kept;
    let own = this.#own.get(fingerprint);
    if (own === undefined) this.#own.set(fingerprint, (own = new Map<string, SignatureVerdict>()));
    return own;
  }
}

/** A certificate's signature and the key that is said to have made it. */
export function signedBy(certificate: Certificate, issuer: Certificate): SignedData {
  return {
    algorithmOid: certificate.signatureAlgorithm.oid,
    algorithmDer: certificate.signatureAlgorithm.der,
    spki: issuer.spki,
    key: issuer.key,
    data: certificate.tbs,
    signature: certificate.signature,
  };
}
