import type { CaseOutcome } from '../cases/types.ts';
import { evalText } from '../evaluation/eval-text.ts';
import type { PolicyQuestion, RegoSources, RunOpa } from '../evaluation/types.ts';
import type { RegoModule, RegoRule } from '../rego-tree/types.ts';
import type { ReportSection } from '../report/types.ts';
import { readTrace } from './read-trace.ts';
import { targetsOf } from './targets.ts';
import { traceOfRule } from './trace-rule.ts';

/**
 * The trace of the rules that matter to a case that failed, from one evaluation of its input with `opa` in which neither
 * the index nor an early exit leaves anything out. Throws PDP_POLICY_INVALID.
 */
export async function explainCase(
  run: RunOpa,
  sources: RegoSources,
  modules: readonly RegoModule[],
  outcome: CaseOutcome,
  question: PolicyQuestion,
): Promise<readonly ReportSection[]> {
  const input = JSON.parse(question.input) as unknown;
  const flags = ['--explain', 'full', '--var-values', '--disable-indexing', '--disable-early-exit'];
  const trace = readTrace(await evalText(run, sources, question, flags));
  const traced = (rule: RegoRule): readonly string[] => traceOfRule(trace, rule, modules, input);
  const rules = modules.flatMap((module) => module.rules);
  return targetsOf(outcome, modules, sources.entrypoint).map((target) => ({
    title: `trace: ${target.because}`,
    lines: target.rules.flatMap((rule) => ruleLines(rule, rules, traced)),
  }));
}

/** What is told of one rule; where it was not asked, of those that would have asked it. */
function ruleLines(
  rule: RegoRule,
  rules: readonly RegoRule[],
  traced: (rule: RegoRule) => readonly string[],
): readonly string[] {
  const own = told(rule, traced(rule));
  if (own) return own;
  const head = `${placed(rule)} was not asked`;
  const callers = rules.filter(
    ({ name, asks }) => name !== rule.name && asks.some((one) => isWithin(rule.name, one)),
  );
  const above = callers.flatMap((caller) => told(caller, traced(caller)) ?? []);
  return above.length > 0 ? [`${head}; what would have asked it:`, ...above] : [head];
}

function told(rule: RegoRule, lines: readonly string[]): readonly string[] | undefined {
  return lines.length === 0 ? undefined : [placed(rule), ...lines.map((line) => `  ${line}`)];
}

function placed({ name, file, row }: RegoRule): string {
  return `${name} (${file}:${row})`;
}

/** Whether a reference is to a rule, or to a part of what it gives. */
function isWithin(name: string, ref: string): boolean {
  return ref === name || ref.startsWith(`${name}.`);
}
