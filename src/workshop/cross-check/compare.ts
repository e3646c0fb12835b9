import { asPortreeveError } from '../../lib/errors.ts';
import { canonicalJson } from '../../lib/canonical-json.ts';
import type { Verdict } from '../../policy/types.ts';
import type { CaseResult } from '../cases/types.ts';
import type { OpaAnswer } from '../evaluation/types.ts';

/** Makes a verdict of what a policy's entrypoint answered; throws PDP_POLICY_TRAP for what is none. */
export type ReadVerdict = (value: unknown) => Verdict;

/** What one of the two engines says, in a form in which equal answers are equal texts. */
export type Said =
  | { readonly said: 'verdict'; readonly verdict: object }
  | { readonly said: 'undefined' }
  | { readonly said: 'error'; readonly message: string };

/** Both answers to one case. */
export interface Disagreement {
  readonly ours: Said;
  readonly opa: Said;
}

/**
 * What the policy said in the run of a case; undefined where it was not asked, or gave no answer that could be compared
 * (it took too long).
 */
export function saidByEngine({
  input,
  verdict,
  decision,
}: Pick<CaseResult, 'input' | 'verdict' | 'decision'>): Said | undefined {
  if (input === null) return undefined;
  if (verdict) return { said: 'verdict', verdict: canonicalVerdict(verdict) };
  for (const { code, message } of decision.faults) {
    if (code === 'policy.undefined') return { said: 'undefined' };
    if (code === 'policy.error') return { said: 'error', message };
  }
  return undefined;
}

/** What `opa` said, read as the engine reads the policy's answer. */
export function saidByOpa(answer: OpaAnswer, read: ReadVerdict): Said {
  if (answer.kind === 'undefined') return { said: 'undefined' };
  if (answer.kind === 'error') return { said: 'error', message: answer.message };
  try {
    return { said: 'verdict', verdict: canonicalVerdict(read(answer.value)) };
  } catch (thrown) {
    return { said: 'error', message: asPortreeveError(thrown).message };
  }
}

/** The two answers where they are not the same; errors are the same whatever their words are. */
export function disagreement(ours: Said, opa: Said): Disagreement | undefined {
  const same =
    ours.said === 'verdict' && opa.said === 'verdict'
      ? canonicalJson(ours.verdict) === canonicalJson(opa.verdict)
      : ours.said === opa.said;
  return same ? undefined : { ours, opa };
}

/** Sets of Rego are lists in JSON, in an order that is each engine's own. */
function canonicalVerdict({ reasons, entitlements, ...rest }: Verdict): object {
  const texts = reasons.map(({ code, detail = {} }) => canonicalJson({ code, detail })).sort();
  return {
    ...rest,
    reasons: texts.map((text) => JSON.parse(text) as unknown),
    entitlements: [...entitlements].sort(),
  };
}
