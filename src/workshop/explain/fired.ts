import { hasFired } from '../coverage/gather.ts';
import { evaluateMany } from '../evaluation/evaluate-many.ts';
import type { PolicyQuestion, RegoSources, RunOpa } from '../evaluation/types.ts';
import type { RegoModule, RegoRule } from '../rego-tree/types.ts';

/** The rules that gave a value for one question, those that give reasons first. Throws PDP_POLICY_INVALID. */
export async function rulesThatFired(
  run: RunOpa,
  sources: RegoSources,
  modules: readonly RegoModule[],
  question: PolicyQuestion,
): Promise<readonly RegoRule[]> {
  const { coverage } = await evaluateMany(run, sources, [question], { coverage: true });
  const fired = modules.flatMap(({ rules }) => rules).filter((rule) => hasFired(rule, coverage));
  const giving = fired.filter(({ gives }) => gives.length > 0);
  return [...giving, ...fired.filter((rule) => !giving.includes(rule))];
}
