import type { CaseOutcome } from '../cases/types.ts';
import { questionOf } from '../cross-check/cross-check.ts';
import type { Spoken } from '../cross-check/cross-check.ts';
import type { PolicyQuestion, RegoSources, RunOpa } from '../evaluation/types.ts';
import type { RegoModule, RegoRule } from '../rego-tree/types.ts';
import type { ReportSection } from '../report/types.ts';
import { explainCase } from './explain-case.ts';
import { rulesThatFired } from './fired.ts';

/** Cases that failed of which more is found out: each takes processes of `opa` of its own. */
const mostCases = 25;

/**
 * What else is told of cases that failed, by their ids: the rules that fired, the input that Rego saw, and with `explain`
 * the trace of the rules that matter. Of cases after the first 25 only the input is told. Throws PDP_POLICY_INVALID.
 */
export async function failureSections(
  run: RunOpa,
  sources: RegoSources,
  modules: readonly RegoModule[],
  outcomes: readonly CaseOutcome[],
  { explain, spoken }: { readonly explain: boolean; readonly spoken: Spoken },
): Promise<ReadonlyMap<string, readonly ReportSection[]>> {
  const failed = outcomes.filter(({ status, got }) => status === 'failed' && got?.input);
  const sections = new Map<string, readonly ReportSection[]>();
  for (const [index, outcome] of failed.entries()) {
    const question = questionOf(outcome, spoken);
    const input = { title: 'input that Rego saw', lines: inputLines(outcome, question) };
    if (index >= mostCases || !question) {
      sections.set(outcome.id, [input]);
      continue;
    }
    const fired = await rulesThatFired(run, sources, modules, question);
    const traces = explain ? await explainCase(run, sources, modules, outcome, question) : [];
    sections.set(outcome.id, [{ title: 'rules that fired', lines: firedLines(fired) }, input, ...traces]);
  }
  return sections;
}

/** Rules a line each; those that are a package's own affair (`_name`) together. */
function firedLines(fired: readonly RegoRule[]): readonly string[] {
  const told = ({ name, file, row }: RegoRule): string => `${name} (${file}:${row})`;
  const isInner = ({ name }: RegoRule): boolean => /\._[^.]*$/.test(name);
  const inner = fired.filter(isInner).map(({ name, row }) => `${name}:${row}`);
  const lines = fired.filter((rule) => !isInner(rule)).map(told);
  if (fired.length === 0) return ['none'];
  return inner.length === 0 ? lines : [...lines, `within them: ${inner.join(', ')}`];
}

/** The input, a line a key; keys that are null or empty stand together at the end. */
function inputLines({ got }: CaseOutcome, question: PolicyQuestion | undefined): readonly string[] {
  // A policy sees no more of it than it reads; people do.
  const input: unknown = got?.document && question ? JSON.parse(question.input) : got?.input;
  if (typeof input !== 'object' || input === null) return [];
  const entries = Object.entries(input);
  const isEmpty = (value: unknown): boolean =>
    value === null || (Array.isArray(value) && value.length === 0) || JSON.stringify(value) === '{}';
  const said = entries.filter(([, value]) => !isEmpty(value));
  const rest = entries.filter(([, value]) => isEmpty(value)).map(([name]) => name);
  const width = Math.max(0, ...said.map(([name]) => name.length));
  return [
    ...said.map(([name, value]) => `${name.padEnd(width)}  ${JSON.stringify(value)}`),
    ...(rest.length > 0 ? [`null or empty: ${rest.join(', ')}`] : []),
  ];
}
