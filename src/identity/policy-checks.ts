import type { Finding } from '../lib/reason-code.ts';
import { isSelfIssued } from './name.ts';
import { anyPolicyOid } from './oids.ts';
import type { PathInputs } from './path-inputs.ts';
import { budgetExceeded } from './path-limits.ts';
import { PolicyGraph } from './policy-graph.ts';
import type { Certificate } from './types.ts';

/** explicit_policy, policy_mapping and inhibit_anyPolicy: certificates that may still follow before each takes hold. */
interface Counters {
  explicit: number;
  mapping: number;
  any: number;
}

/**
 * Certificate policies along a path (RFC 5280 sections 6.1.2 to 6.1.5). An anchor's policies, mappings and constraints
 * come before those of the first certificate (RFC 5937); an anchor that states no policy limits none.
 */
export function checkPolicies(path: readonly Certificate[], inputs: PathInputs): Finding[] {
  if (!inputs.explicitPolicy && !path.some(speaksOfPolicies)) return [];
  const graph = new PolicyGraph(inputs.work);
  const never = path.length;
  const counters: Counters = {
    explicit: inputs.explicitPolicy ? 0 : never,
    mapping: inputs.policyMappingInhibit ? 0 : never,
    any: inputs.inhibitAnyPolicy ? 0 : never,
  };
  for (let place = path.length - 1; place > 0; place--) {
    const ca = path[place] as Certificate;
    const isAnchor = place === path.length - 1;
    const counts = isAnchor || counters.any > 0 || isSelfIssued(ca);
    if (!(isAnchor && ca.policies === undefined) && !graph.narrow(ca.policies, counts))
      return [budgetExceeded()];
    if (counters.explicit === 0 && graph.empty) return [unsatisfied(place, 'no policy is valid here')];
    if (mapsAnyPolicy(ca)) return [unsatisfied(place, 'anyPolicy is mapped')];
    if (!graph.map(ca.policyMappings ?? [], counters.mapping > 0)) return [budgetExceeded()];
    if (!isAnchor && !isSelfIssued(ca)) countDown(counters);
    constrain(counters, ca);
  }
  return wrapUp(path[0] as Certificate, graph, counters, inputs);
}

/** Without any of these along the path nothing can fail unless an explicit policy was asked for. */
function speaksOfPolicies({ policyConstraints, policyMappings }: Certificate): boolean {
  return policyConstraints !== undefined || policyMappings !== undefined;
}

/** RFC 5280 section 6.1.4 (a). */
function mapsAnyPolicy({ policyMappings = [] }: Certificate): boolean {
  return policyMappings.some(({ issuer, subject }) => issuer === anyPolicyOid || subject === anyPolicyOid);
}

/** RFC 5280 section 6.1.4 (h). */
function countDown(counters: Counters): void {
  counters.explicit = Math.max(0, counters.explicit - 1);
  counters.mapping = Math.max(0, counters.mapping - 1);
  counters.any = Math.max(0, counters.any - 1);
}

/** RFC 5280 section 6.1.4 (i) and (j). */
function constrain(counters: Counters, { policyConstraints, inhibitAnyPolicy }: Certificate): void {
  const { requireExplicitPolicy, inhibitPolicyMapping } = policyConstraints ?? {};
  counters.explicit = Math.min(counters.explicit, requireExplicitPolicy ?? Infinity);
  counters.mapping = Math.min(counters.mapping, inhibitPolicyMapping ?? Infinity);
  counters.any = Math.min(counters.any, inhibitAnyPolicy ?? Infinity);
}

/** RFC 5280 sections 6.1.3 (d) to (f) for the leaf, and 6.1.5. */
function wrapUp(leaf: Certificate, graph: PolicyGraph, counters: Counters, inputs: PathInputs): Finding[] {
  if (!graph.narrow(leaf.policies, counters.any > 0)) return [budgetExceeded()];
  if (counters.explicit === 0 && graph.empty) return [unsatisfied(0, 'no policy is valid here')];
  counters.explicit = Math.max(0, counters.explicit - 1);
  if (leaf.policyConstraints?.requireExplicitPolicy === 0) counters.explicit = 0;
  if (counters.explicit > 0 || graph.permits(inputs.policySet)) return [];
  return [unsatisfied(0, 'none of the policies asked for is valid')];
}

function unsatisfied(place: number, problem: string): Finding {
  return { code: 'chain.policy_unsatisfied', detail: { certificate: place, problem } };
}
