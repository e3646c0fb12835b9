import { canonicalForm } from '../lib/canonical-json.ts';
import type { Finding } from '../lib/reason-code.ts';
import type { Appraisal } from './appraisal.ts';
import type { Ear } from './ear.ts';
import { isAtLeast, leastTrusted, tierOfClaim } from './tiers.ts';
import type { Tier, VectorClaim } from './tiers.ts';
import type { AttestationRules, SubmodFact } from './types.ts';

const remembered = new WeakMap<Ear, readonly SubmodFact[]>();

/** Each part with the tier that its own claims leave it; the same list for the same result. */
export function submodFacts(ear: Ear): readonly SubmodFact[] {
  const known = remembered.get(ear);
  if (known) return known;
  const facts = [...ear.submods].map(([label, appraisal]) =>
    canonicalForm({
      label,
      policies: appraisal.policies,
      status: appraisal.status,
      tier: recomputed(appraisal),
      vector: appraisal.vector,
    }),
  );
  remembered.set(ear, facts);
  return facts;
}

/** A status may be more careful than its vector, and never more trusting; claims that were not made lower nothing. */
function recomputed({ status, vector }: Appraisal): Tier {
  const claimed = Object.values(vector).map(tierOfClaim);
  return leastTrusted([status, ...claimed.filter((tier) => tier !== 'none')]);
}

/** The parts that the class asks about: those that it names, else all. */
export function countedSubmods(
  submods: readonly SubmodFact[],
  { submods: labels }: AttestationRules,
): readonly SubmodFact[] {
  return labels.length === 0 ? submods : submods.filter(({ label }) => labels.includes(label));
}

const codeOf: Readonly<Record<Exclude<Tier, 'affirming'>, Finding['code']>> = {
  none: 'attestation.none_tier',
  warning: 'attestation.warning',
  contraindicated: 'attestation.contraindicated',
};

/**
 * What the verifier's opinion lacks: parts that the class asks for, statuses that their own claims contradict, tiers and
 * claims below the class's least. A contraindicated part counts whether or not the class asks for that part.
 */
export function judgeTrust(
  ear: Ear,
  submods: readonly SubmodFact[],
  rules: AttestationRules,
): readonly Finding[] {
  const missing = rules.submods.filter((label) => !ear.submods.has(label));
  const counted = countedSubmods(submods, rules);
  return [
    ...missing.map((submod): Finding => ({ code: 'attestation.submod_missing', detail: { submod } })),
    ...submods.flatMap(contraindicated),
    ...counted.flatMap((part) => belowTier(part, rules)),
    ...counted.flatMap((part) => belowFloors(part, rules)),
    ...overall(ear, submods, rules),
    ...submods.flatMap(inconsistent),
  ];
}

function contraindicated({ label, tier }: SubmodFact): readonly Finding[] {
  if (tier !== 'contraindicated') return [];
  return [{ code: 'attestation.contraindicated', detail: { submod: label } }];
}

function belowTier({ label, tier }: SubmodFact, rules: AttestationRules): readonly Finding[] {
  if (tier === 'contraindicated' || tier === 'affirming' || isAtLeast(tier, rules.tier)) return [];
  return [{ code: codeOf[tier], detail: { submod: label, tier, required: rules.tier } }];
}

function belowFloors({ label, vector }: SubmodFact, rules: AttestationRules): readonly Finding[] {
  return Object.entries(rules.vector).flatMap(([name, required]) => {
    const value = vector[name as VectorClaim] ?? 0;
    const tier = tierOfClaim(value);
    if (tier === 'affirming' || isAtLeast(tier, required)) return [];
    return [{ code: codeOf[tier], detail: { submod: label, claim: name, value, tier, required } }];
  });
}

/** What is said of the device as a whole: no weaker than asked for, and no stronger than its parts. */
function overall(
  { status }: Ear,
  submods: readonly SubmodFact[],
  rules: AttestationRules,
): readonly Finding[] {
  if (status === undefined) return [];
  const worst = leastTrusted(submods.map(({ tier }) => tier).filter((tier) => tier !== 'none'));
  const found: Finding[] = [];
  if (status !== 'affirming' && (status === 'contraindicated' || !isAtLeast(status, rules.tier)))
    found.push({ code: codeOf[status], detail: { tier: status, required: rules.tier } });
  if (status !== 'none' && !isAtLeast(worst, status)) found.push(contradicted({ status, worst }));
  return found;
}

function inconsistent({ label, status, tier }: SubmodFact): readonly Finding[] {
  return status === tier ? [] : [contradicted({ submod: label, status, worst: tier })];
}

function contradicted(detail: NonNullable<Finding['detail']>): Finding {
  return { code: 'attestation.status_inconsistent', detail };
}
