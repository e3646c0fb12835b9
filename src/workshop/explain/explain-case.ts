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
  return targetsOf(outcome, modules, sources.entrypoint).map(({ because, rules }) => ({
    title: `trace: ${because}`,
    lines: rules.flatMap((rule) => [
      `${rule.name} (${rule.file}:${rule.row})`,
      ...told(traceOfRule(trace, rule, modules, input), rule),
    ]),
  }));
}

function told(lines: readonly string[], { name }: RegoRule): readonly string[] {
  if (lines.length > 0) return lines.map((line) => `  ${line}`);
  return [`  never asked: nothing that was evaluated for this input refers to data.${name}`];
}
