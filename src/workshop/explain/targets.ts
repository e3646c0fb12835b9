import type { CaseOutcome } from '../cases/types.ts';
import type { RegoModule, RegoRule } from '../rego-tree/types.ts';

/** Rules to look at for a case that failed, and why those. */
export interface Target {
  readonly because: string;
  readonly rules: readonly RegoRule[];
}

/**
 * The rules that matter to a case that failed: those that give a reason which was expected and did not come, and those
 * that gave one which was not expected; where neither is known, the entrypoint (`portreeve/decision`).
 */
export function targetsOf(
  { expected, got }: CaseOutcome,
  modules: readonly RegoModule[],
  entrypoint: string,
): readonly Target[] {
  const rules = modules.flatMap((module) => module.rules);
  const giving = (code: string): readonly RegoRule[] => rules.filter(({ gives }) => gives.includes(code));
  const came = new Set<string>((got?.decision.reasons ?? []).map(({ code }) => code));
  const wanted = [...(expected.reasons ?? []), ...(expected.contains ?? [])].map(({ code }) => code);
  const missing = wanted.filter((code) => !came.has(code) && giving(code).length > 0);
  const denied = expected.outcome === 'allow' ? denials(got) : [];
  const unwanted = new Set([...(expected.lacks ?? []), ...beyond(expected.reasons, came), ...denied]);
  const surplus = [...unwanted].filter((code) => came.has(code) && giving(code).length > 0);
  const targets = [
    ...missing.map((code) => ({ because: `${code} was expected and did not come`, rules: giving(code) })),
    ...surplus.map((code) => ({ because: `${code} came and was not expected`, rules: giving(code) })),
  ];
  if (targets.length > 0) return targets;
  const name = entrypoint.replaceAll('/', '.');
  return [{ because: 'the decision', rules: rules.filter((rule) => rule.name === name) }];
}

function denials(got: CaseOutcome['got']): readonly string[] {
  const reasons = got?.decision.reasons ?? [];
  return reasons.filter(({ severity }) => severity === 'deny').map(({ code }) => code);
}

/** Codes that came and are not in a list that was to be all of them. */
function beyond(
  reasons: readonly { readonly code: string }[] | undefined,
  came: ReadonlySet<string>,
): readonly string[] {
  if (!reasons) return [];
  const wanted = new Set(reasons.map(({ code }) => code));
  return [...came].filter((code) => !wanted.has(code));
}
