import type { CaseOutcome } from '../../src/workshop/cases/types.ts';

/** What became of a case that passed, but for what is told otherwise. */
export function caseOutcome(of: Partial<CaseOutcome>): CaseOutcome {
  return {
    id: 'cases/a.yaml: a case',
    file: 'cases/a.yaml',
    line: 7,
    title: 'a case',
    combination: {},
    tags: [],
    status: 'passed',
    expected: { outcome: 'deny' },
    problems: [],
    differences: [],
    durationMs: 1.5,
    ...of,
  };
}
