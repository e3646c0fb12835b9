import { lineShare, reasonShare, ruleShare } from './types.ts';
import type { PolicyCoverage } from './types.ts';

/** Coverage as one JSON document. */
export function coverageDocument({ files, rules, reasons }: PolicyCoverage): object {
  return {
    format: 1,
    lines: lineShare(files),
    rules: ruleShare(rules),
    reasons: reasonShare(reasons),
    files: files.map((one) => ({
      file: one.file,
      ...lineShare([one]),
      missed: [...one.lines].filter(([, covered]) => !covered).map(([line]) => line),
    })),
    rules_by_name: rules.map(({ name, file, row, gives, by }) => ({
      name,
      file,
      line: row,
      gives,
      fired_by: by,
    })),
    reasons_by_code: reasons.map(({ code, givenAt, expectedBy, seenIn, namedByTests }) => ({
      ...{ code, given_at: givenAt, expected_by_cases: expectedBy, seen_in_cases: seenIn },
      named_by_tests: namedByTests,
    })),
  };
}
