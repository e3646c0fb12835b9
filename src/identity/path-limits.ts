import type { Finding } from '../lib/reason-code.ts';

/** Bounds of the search for a path: what is sent may be made to be expensive (CVE-2018-16875, CVE-2023-6129 and kin). */
export const pathLimits = {
  /** Certificates of one path, leaf and anchor included. */
  length: 10,
  /** Signatures by usual keys that are verified for one credential (`signatureCost`); an honest one needs two or three. */
  signatures: 48,
  /** Partial paths that are looked at for one credential. */
  steps: 400,
  /** Complete paths that are kept; each anchor that an honest leaf reaches is one, and each renewed CA on the way. */
  kept: 32,
  /** Names held against constraints, and policies held against each other, over all paths (CVE-2023-0464 and kin). */
  work: 250_000,
} as const;

/** The finding that a bound was reached: more paths may exist, and none is taken for granted. */
export function budgetExceeded(): Finding {
  const { signatures, steps, work } = pathLimits;
  return { code: 'chain.budget_exceeded', detail: { signatures, steps, comparisons: work } };
}
