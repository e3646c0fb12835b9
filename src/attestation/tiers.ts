/**
 * Trustworthiness as AR4SI has it (draft-ietf-rats-ar4si section 2.3): tiers of an appraisal, and the claims of its
 * vector.
 */
export type Tier = 'none' | 'affirming' | 'warning' | 'contraindicated';

export const tiers: readonly Tier[] = ['none', 'affirming', 'warning', 'contraindicated'];

export const vectorClaims = [
  'configuration',
  'executables',
  'file-system',
  'hardware',
  'instance-identity',
  'runtime-opaque',
  'sourced-data',
  'storage-opaque',
] as const;

export type VectorClaim = (typeof vectorClaims)[number];

const byNumber: ReadonlyMap<number, Tier> = new Map([
  [0, 'none'],
  [2, 'affirming'],
  [32, 'warning'],
  [96, 'contraindicated'],
]);

/** The tier that a status names, as text or as one of the numbers that the binary form has; undefined for any other. */
export function tierOfStatus(status: unknown): Tier | undefined {
  if (typeof status === 'number') return byNumber.get(status);
  return tiers.find((tier) => tier === status);
}

/** The tier of one claim of a vector, an integer from -128 to 127. Negative values mirror the positive ones. */
export function tierOfClaim(value: number): Tier {
  if (value >= -1 && value <= 1) return 'none';
  if (value >= -32 && value <= 31) return 'affirming';
  if (value >= -96 && value <= 95) return 'warning';
  return 'contraindicated';
}

/** Most trusted first. A claim that nobody made is trusted less than one with a warning. */
const byTrust: readonly Tier[] = ['affirming', 'warning', 'none', 'contraindicated'];

/** Whether `tier` is at least as trusted as `wanted`. */
export function isAtLeast(tier: Tier, wanted: Tier): boolean {
  return byTrust.indexOf(tier) <= byTrust.indexOf(wanted);
}

/** The least trusted of some tiers; affirming where there are none. */
export function leastTrusted(of: Iterable<Tier>): Tier {
  let least: Tier = 'affirming';
  for (const tier of of) if (!isAtLeast(tier, least)) least = tier;
  return least;
}
