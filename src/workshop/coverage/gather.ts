import type { CaseOutcome } from '../cases/types.ts';
import type { RegoModule, RegoRule } from '../rego-tree/types.ts';
import { coveredLines, mergeCoverage } from './ranges.ts';
import type { CoveredFiles } from './ranges.ts';
import type { FileCoverage, PolicyCoverage, ReasonCoverage, RuleCoverage } from './types.ts';

/** What coverage is worked out from. */
export interface Tried {
  /** The policy's own modules; coverage of any other file is left out. */
  readonly modules: readonly RegoModule[];
  /** Its Rego tests' text by file. */
  readonly tests: ReadonlyMap<string, string>;
  readonly byCases: CoveredFiles;
  readonly byTests: CoveredFiles;
  readonly outcomes: readonly CaseOutcome[];
  /** Codes that the project declares. */
  readonly declared: readonly string[];
}

/** Works out what of a policy was tried, by line, by rule and by reason. */
export function gatherCoverage({
  modules,
  tests,
  byCases,
  byTests,
  outcomes,
  declared,
}: Tried): PolicyCoverage {
  const together = mergeCoverage([byCases, byTests]);
  const files = modules.map(({ file }): FileCoverage => {
    const covered = together.get(file);
    return { file, lines: covered ? coveredLines(covered) : new Map() };
  });
  const rules = modules.flatMap((module) => module.rules);
  return {
    files,
    rules: rules.map((rule) => ruleCoverage(rule, byCases, byTests)),
    reasons: reasonCoverage(rules, declared, outcomes, tests),
  };
}

function ruleCoverage(rule: RegoRule, byCases: CoveredFiles, byTests: CoveredFiles): RuleCoverage {
  const { name, file, row, gives } = rule;
  const by = [
    ...(hasFired(rule, byCases) ? (['case'] as const) : []),
    ...(hasFired(rule, byTests) ? (['rego'] as const) : []),
  ];
  return { name, file, row, gives, by };
}

/** Whether a rule gave its value: its head is told as covered when it is left, not when it is entered. */
export function hasFired({ file, row, column }: RegoRule, covered: CoveredFiles): boolean {
  const ranges = covered.get(file)?.covered.values() ?? [];
  return [...ranges].some((range) => range.row === row && range.column === column);
}

function reasonCoverage(
  rules: readonly RegoRule[],
  declared: readonly string[],
  outcomes: readonly CaseOutcome[],
  tests: ReadonlyMap<string, string>,
): readonly ReasonCoverage[] {
  const given = new Map<string, string[]>(declared.map((code) => [code, []]));
  for (const { gives, file, row } of rules) {
    for (const code of gives) given.set(code, [...(given.get(code) ?? []), `${file}:${row}`]);
  }
  const ran = outcomes.filter(({ status }) => status !== 'skipped');
  const expected = countCodes(
    ran.map(({ expected: { reasons = [], contains = [] } }) => [...reasons, ...contains]),
  );
  const seen = countCodes(ran.map(({ got }) => got?.decision.reasons ?? []));
  return [...given]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, givenAt]) => ({
      ...{ code, givenAt, expectedBy: expected.get(code) ?? 0, seenIn: seen.get(code) ?? 0 },
      namedByTests: [...tests].filter(([, text]) => text.includes(`"${code}"`)).map(([file]) => file),
    }));
}

/** Code → in how many of the lists it is. */
function countCodes(lists: readonly (readonly { readonly code: string }[])[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const list of lists) {
    for (const code of new Set(list.map((one) => one.code))) counts.set(code, (counts.get(code) ?? 0) + 1);
  }
  return counts;
}
