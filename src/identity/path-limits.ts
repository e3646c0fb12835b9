/** Bounds of the search for a path: what is sent may be made to be expensive (CVE-2018-16875, CVE-2023-6129 and kin). */
export const pathLimits = {
  /** Certificates of one path, leaf and anchor included. */
  length: 10,
  /** Signatures that are verified for one credential; an honest one needs two or three. */
  signatures: 48,
  /** Partial paths that are looked at for one credential. */
  steps: 400,
  /** Complete paths that are kept; each anchor that an honest leaf reaches is one. */
  kept: 8,
} as const;
