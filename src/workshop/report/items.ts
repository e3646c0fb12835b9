import type { CaseOutcome } from '../cases/types.ts';
import type { RegoTest } from '../rego-tests/run-tests.ts';
import { sideBySide } from './side-by-side.ts';
import type { ReportItem, ReportSection } from './types.ts';

/** A case in a report; `more` is told of one that failed besides what was expected and what came. */
export function caseItem(outcome: CaseOutcome, more: readonly ReportSection[] = []): ReportItem {
  const { id, title, combination, file, line, tags, status, skipReason, durationMs, problems } = outcome;
  const values = Object.entries(combination).map(([axis, value]) => `${axis}: ${value}`);
  return {
    kind: 'case',
    title: values.length === 0 ? title : `${title} [${values.join(', ')}]`,
    ...{ id, file, line, tags, status, durationMs, problems },
    ...(skipReason !== undefined && { skipReason }),
    sections: status === 'failed' || status === 'error' ? [...differenceSections(outcome), ...more] : [],
    of: outcome,
  };
}

function differenceSections({ differences }: CaseOutcome): readonly ReportSection[] {
  return differences.length === 0 ? [] : [{ title: 'expected and got', lines: sideBySide(differences) }];
}

/** A Rego test in a report. */
export function regoItem(test: RegoTest): ReportItem {
  const { name, file, line, status, explanation, output, durationMs } = test;
  const id = `${test.package}.${name}`;
  const wrong = status === 'failed' || status === 'error';
  const lines = explanation === '' ? [] : explanation.split('\n');
  return {
    kind: 'rego',
    ...{ id, title: `${name} (${test.package})`, file, line, tags: [], status, durationMs },
    ...(status === 'skipped' && { skipReason: 'its name begins with todo_' }),
    problems: wrong
      ? [status === 'error' ? (lines[0] ?? 'it ended with an error') : 'the test is not true']
      : [],
    sections: wrong
      ? [
          ...(lines.length > 0 ? [{ title: 'what made it fail', lines }] : []),
          ...(output === '' ? [] : [{ title: 'printed', lines: output.trimEnd().split('\n') }]),
        ]
      : [],
    of: test,
  };
}
