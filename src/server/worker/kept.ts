import type { DecisionDeps } from '../../decision/deps.ts';
import type { KeptStats } from '../../lib/kept.ts';
import { memoriesOf } from '../../store/epoch-memory.ts';

/** How everything stands that what decides remembers and that has a name, for metrics. */
export function keptOf(deps: DecisionDeps): readonly KeptStats[] {
  const { examiner, uses } = deps.attestation;
  return [...largeKept(deps), examiner.stats(), ...uses.stats()];
}

/** The memories that a heap is full of; entries of the others are small, or few. */
export function largeKept(deps: DecisionDeps): readonly KeptStats[] {
  return [...deps.identity.stats(), ...memoriesOf(deps.store), ...(deps.policy()?.kept() ?? [])];
}
