/** What the program answers to its caller. */
export const exitCodes = {
  /** Done; or the decision is an allow. */
  ok: 0,
  /** A check failed, or what was asked for is not there. */
  failed: 1,
  /** Wrong usage; unreadable or malformed input or configuration; nothing was done. */
  refused: 2,
  /** The decision is a denial. */
  deny: 3,
  /** The decision was made with faults of ours (and is a denial). */
  fault: 4,
  /** A policy does not compile. */
  notCompiled: 5,
} as const;

export const exitCodeHelp = `
Exit codes:
  0  done, or the decision is an allow
  1  a check failed, or what was asked for is not there
  2  wrong usage, or unreadable or malformed input or configuration
  3  the decision is a denial
  4  the decision has faults
  5  the policy does not compile
`;
