import test from 'ava';
import { parse } from 'yaml';
import { reportTargets, writeReport } from '../../../../src/workshop/report/formats.ts';
import { caseItem } from '../../../../src/workshop/report/items.ts';
import type { Report } from '../../../../src/workshop/report/types.ts';
import { caseOutcome } from '../../../helpers/case-outcome.ts';

const hostile = 'a <b> & "c"\u001b[31m\u0000 \ud800 ::error::%0A # tail';

const report: Report = {
  program: 'portreeve 0.1.0',
  started: 0,
  durationMs: 1500,
  items: [
    caseItem(caseOutcome({ id: '1', title: 'passes' })),
    caseItem(
      caseOutcome({
        id: '2',
        title: hostile,
        status: 'failed',
        problems: [`outcome: ${hostile}`, '::warning::second'],
        differences: [{ what: 'outcome', expected: 'deny', got: 'allow' }],
      }),
    ),
    caseItem(caseOutcome({ id: '3', title: 'waits', status: 'skipped', skipReason: 'later # on' })),
    caseItem(caseOutcome({ id: '4', title: 'breaks', status: 'error', problems: ['no such file'] })),
  ],
};
const options = { paint: (_tone: string, text: string) => text, prefix: 'policies/' };
const written = (format: Parameters<typeof writeReport>[1]): string => writeReport(report, format, options);

test('a JUnit report counts each kind once and holds no character that XML has no way to say', (t) => {
  const xml = written('junit');
  t.regex(
    xml,
    /<testsuites name="portreeve policy test" tests="4" failures="1" errors="1" skipped="1" time="1.500">/,
  );
  t.regex(xml, /<testsuite name="cases\/a.yaml" tests="4" .* timestamp="1970-01-01T00:00:00">/);
  t.is(xml.match(/<testcase /g)?.length, 4);
  t.is(xml.match(/<failure /g)?.length, 1);
  t.is(xml.match(/<error /g)?.length, 1);
  t.regex(xml, /<skipped message="later # on"\/>/);
  t.notRegex(xml, /[\u0000-\u0008\u000b\u000c\u000e-\u001f]|\p{Surrogate}/u);
  t.true(xml.includes('a &lt;b&gt; &amp; &quot;c&quot;\\u001b[31m\\u0000 \\ud800'));
});

test('workflow commands of GitHub stand alone on their lines, whatever a title or a problem says', (t) => {
  const lines = written('github').trimEnd().split('\n');
  t.is(lines.length, 4);
  t.true(lines[0]?.startsWith('::error file=policies/cases/a.yaml,line=7,title=a <b> & "c"'));
  t.true(lines[0]?.includes('%3A%3Aerror%3A%3A%250A'));
  t.true(lines[0]?.includes('%0A::warning::second'));
  t.true(lines[1]?.startsWith('::notice '));
  t.is(lines[3], '1 passed, 1 failed, 1 with errors, 1 skipped');
});

test('TAP has a plan, a line a test, directives that titles cannot forge, and diagnostics in YAML', (t) => {
  const lines = written('tap').trimEnd().split('\n');
  t.deepEqual(lines.slice(0, 3), ['TAP version 14', '1..4', 'ok 1 - passes']);
  const tests = lines.filter((line) => /^(not )?ok /.test(line));
  t.is(tests.length, 4);
  t.true(tests[1]?.endsWith('\\# tail'));
  t.is(tests[2], 'ok 3 - waits # SKIP later \\# on');
  const block = lines.slice(lines.indexOf('  ---') + 1, lines.indexOf('  ...'));
  const diagnostics = parse(block.map((line) => line.slice(2)).join('\n')) as {
    severity: string;
    at: object;
  };
  t.is(diagnostics.severity, 'fail');
  t.deepEqual(diagnostics.at, { file: 'cases/a.yaml', line: 7 });
});

test('the tree shows what was expected beside what came, and no line of it begins with text from outside', (t) => {
  const text = written('tree');
  t.regex(text, /\|\s+expected\s+got\n\|\s+outcome\s+deny\s+allow\n/);
  t.regex(text, /- waits skipped: later # on/);
  t.false(text.split('\n').some((line) => /^\s*::/.test(line)));
  t.notRegex(text, /\u001b|\u0000/);
  t.true(text.trimEnd().endsWith('1 passed, 1 failed, 1 with errors, 1 skipped (1.5 s)'));
});

test('the JSON report has every test with its differences', (t) => {
  const { counts, tests } = JSON.parse(written('json')) as {
    counts: object;
    tests: { status: string; differences?: unknown }[];
  };
  t.deepEqual(counts, { passed: 1, failed: 1, skipped: 1, errors: 1 });
  t.deepEqual(tests[1]?.differences, [{ what: 'outcome', expected: 'deny', got: 'allow' }]);
});

test('several reports go to several files, and only one to standard output', (t) => {
  t.deepEqual(reportTargets([]), [{ format: 'tree', file: undefined }]);
  t.deepEqual(reportTargets(['junit=out/a=b.xml', 'tree']), [
    { format: 'junit', file: 'out/a=b.xml' },
    { format: 'tree', file: undefined },
  ]);
  for (const wrong of [['xml'], ['junit='], ['tree', 'tap'], ['json=x', 'tap=x']]) {
    t.throws(() => reportTargets(wrong), { code: 'PDP_USAGE' }, wrong.join(' '));
  }
});
