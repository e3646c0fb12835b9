import type { Budget } from '../lib/budget.ts';
import { anyPolicyOid } from './oids.ts';
import type { PolicyInformation, PolicyMapping } from './types.ts';

/**
 * The valid_policy_tree of RFC 5280 section 6.1.2 as a graph: on each level one node per policy, however many ways lead
 * to it. The standard's tree has a node for each way, and grows exponentially with mappings that are made for it
 * (CVE-2023-0464); a graph grows with the sum of the policies and mappings, and answers the same questions.
 */
interface Level {
  /** Policies expected here, each with the policies one level up that lead to it; none = anyPolicy there. */
  readonly nodes: Map<string, string[]>;
  /** Whether anyPolicy is still open: every policy that is not a node yet may become one. */
  any: boolean;
}

export class PolicyGraph {
  #levels: Level[] = [];
  #current: Level = { nodes: new Map(), any: true };
  readonly #work: Budget;

  constructor(work: Budget) {
    this.#work = work;
  }

  /** Whether nothing is valid any more: the NULL tree. */
  get empty(): boolean {
    return !this.#current.any && this.#current.nodes.size === 0;
  }

  /** RFC 5280 section 6.1.3 (d) and (e). False once the work is exhausted. */
  narrow(policies: readonly PolicyInformation[] | undefined, anyPolicyCounts: boolean): boolean {
    const level = this.#current;
    if (!this.#work.spend((policies?.length ?? 0) + level.nodes.size)) return false;
    const stated = new Set(policies?.map(({ oid }) => oid));
    const any = stated.delete(anyPolicyOid) && anyPolicyCounts;
    if (!any) for (const policy of level.nodes.keys()) if (!stated.has(policy)) level.nodes.delete(policy);
    if (level.any) for (const policy of stated) if (!level.nodes.has(policy)) level.nodes.set(policy, []);
    level.any &&= any;
    return true;
  }

  /**
   * RFC 5280 section 6.1.4 (b): makes the level that the next certificate is held against. Where mapping is inhibited
   * the mapped policies end here. False once the work is exhausted.
   */
  map(mappings: readonly PolicyMapping[], mappingAllowed: boolean): boolean {
    const level = this.#current;
    if (!this.#work.spend(mappings.length + level.nodes.size)) return false;
    const mapped = Map.groupBy(mappings, ({ issuer }) => issuer);
    const next: Level = { nodes: new Map(), any: level.any };
    const lead = (to: string, from: string): void => {
      const parents = next.nodes.get(to);
      if (parents === undefined) next.nodes.set(to, [from]);
      else parents.push(from);
    };
    for (const [policy, targets] of mapped) {
      if (!mappingAllowed) {
        level.nodes.delete(policy);
        continue;
      }
      if (level.any && !level.nodes.has(policy)) level.nodes.set(policy, []);
      if (level.nodes.has(policy)) for (const { subject } of targets) lead(subject, policy);
    }
    for (const policy of level.nodes.keys()) if (!mapped.has(policy)) lead(policy, policy);
    this.#levels.push(level);
    this.#current = next;
    return true;
  }

  /** RFC 5280 section 6.1.5 (g): whether a policy of the initial set (empty or with anyPolicy = all) is valid. */
  permits(initial: ReadonlySet<string>): boolean {
    if (this.empty) return false;
    if (initial.size === 0 || initial.has(anyPolicyOid) || this.#current.any) return true;
    let reached: ReadonlySet<string> = new Set(this.#current.nodes.keys());
    for (const level of [this.#current, ...this.#levels.toReversed()]) {
      const above = new Set<string>();
      for (const policy of reached) {
        const parents = level.nodes.get(policy) ?? [];
        // A policy below anyPolicy is in the domain of the one who asks: the valid_policy_node_set.
        if (parents.length === 0 && initial.has(policy)) return true;
        for (const parent of parents) above.add(parent);
      }
      reached = above;
    }
    return false;
  }
}
