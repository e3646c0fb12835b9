/** What a built-in may take of the time and memory of a process that answers others meanwhile. */
export const builtinLimits = {
  /** Characters of one result. */
  resultCharacters: 4 * 1024 * 1024,
  /** Addresses that `net.cidr_expand` lists: a /16. */
  addresses: 65_536,
  /** Pairs that `net.cidr_contains_matches` compares. */
  pairs: 1_000_000,
  /** Characters of a regular expression, and expression × text: matching takes time in proportion to both. */
  pattern: 10_000,
  patternTimesText: 20_000_000,
  /** Steps of `regex.globs_match`. */
  globSteps: 1_000_000,
  /** Characters of a YAML or PEM document. */
  documentCharacters: 1024 * 1024,
  /** Members of one list that a built-in makes. */
  members: 100_000,
} as const;

/**
 * A built-in would take more than its share, or meets what it does not do as OPA does: the evaluation ends with a trap,
 * which denies, and is not merely undefined, which a policy may take for an answer.
 */
export class BuiltinLimitError extends Error {
  override readonly name = 'BuiltinLimitError';
}

/** Throws where a size is over its limit. */
export function within(size: number, limit: number, what: string): void {
  if (size > limit) throw new BuiltinLimitError(`${what}: ${size} is over the limit of ${limit}`);
}
