import test from 'ava';
import { parseBundle } from '../../../../src/policy/bundle.ts';
import { profileRules } from '../../../../src/workshop/bench/profile-rules.ts';
import { caseChanges, readReport, reportOf, ruleChanges } from '../../../../src/workshop/bench/report.ts';
import { rank, timeCases } from '../../../../src/workshop/bench/time-cases.ts';
import type { CaseTime } from '../../../../src/workshop/bench/types.ts';
import { running } from '../../../../src/workshop/evaluation/types.ts';
import { openProject } from '../../../../src/workshop/project/open.ts';
import { opa, policies, policyBundle, withOpa } from '../../../helpers/policies.ts';
import { projectFolder, smallProject } from '../../../helpers/policy-projects.ts';
import { defaultBundle } from '../../../helpers/recorded.ts';

const about = { digest: 'ab', revision: 'r' };

/** A clock by which everything takes a millisecond. */
function steppingClock() {
  let now = 0;
  return { now: () => 0, monotonic: () => (now += 1) };
}

function timed(id: string, median: number): CaseTime {
  return { id, median_us: median, p95_us: median, runs: 1 };
}

test('a case is run until its time is over, and at least some times', async (t) => {
  const bundle = parseBundle(defaultBundle);
  const inputs = [{ id: 'a', input: {}, classes: {} }];
  const [short] = await timeCases(bundle, inputs, { clock: steppingClock(), milliseconds: 1 });
  t.is(short?.runs, 20);
  t.is(short?.median_us, 1000);
  const [long] = await timeCases(bundle, inputs, { clock: steppingClock(), milliseconds: 300 });
  t.true((long?.runs ?? 0) > 90);
});

withOpa('a policy that traps is timed like any other', async (t) => {
  const bundle = policyBundle(policies.trap);
  const inputs = [{ id: 'a', input: { device_status: 'active' }, classes: {} }];
  const [time] = await timeCases(bundle, inputs, { clock: steppingClock(), milliseconds: 1 });
  t.is(time?.runs, 20);
});

test('the median is by the nearest rank', (t) => {
  t.is(rank([1, 2, 3, 4], 0.5), 2);
  t.is(rank([1, 2, 3], 0.95), 3);
  t.is(rank([], 0.5), 0);
  t.is(reportOf(about, [timed('a', 9), timed('b', 1), timed('c', 5)], null).median_us, 5);
});

test('before and after: the slower first, new and gone ones last, clauses of a rule together', (t) => {
  const rule = (time: number, place: string) => ({
    rule: 'a.b',
    place,
    evaluations: 1,
    time_us: time,
    share: 1,
  });
  const before = reportOf(
    about,
    [timed('a', 10), timed('b', 10), timed('gone', 1)],
    [rule(1, 'x:1'), rule(2, 'x:5')],
  );
  const after = reportOf(about, [timed('a', 5), timed('b', 20), timed('new', 1)], [rule(6, 'x:1')]);
  t.deepEqual(caseChanges(before, after), [
    { name: 'b', before_us: 10, after_us: 20, ratio: 2 },
    { name: 'a', before_us: 10, after_us: 5, ratio: 0.5 },
    { name: 'gone', before_us: 1, after_us: null, ratio: null },
    { name: 'new', before_us: null, after_us: 1, ratio: null },
  ]);
  t.deepEqual(ruleChanges(before, after), [{ name: 'a.b', before_us: 3, after_us: 6, ratio: 2 }]);
  t.deepEqual(ruleChanges({ ...before, rules: null }, after), []);
});

test('a measurement is read back as it was written, and nothing else is taken for one', (t) => {
  const report = reportOf(about, [timed('a', 1)], null);
  t.deepEqual(readReport(JSON.stringify(report), 'f'), report);
  for (const text of ['{', '[]', '{"format":2}', '{"format":1,"median_us":1,"cases":[{}],"rules":null}']) {
    t.throws(() => readReport(text, 'f.json'), { code: 'PDP_INPUT_MALFORMED', message: /^f\.json/ });
  }
});

withOpa('time by rule is of the rules of the sources, and shares are of the whole', async (t) => {
  const project = openProject(projectFolder(t, smallProject));
  const inputs = [700, 100].map((minute) => ({
    id: String(minute),
    input: { minute_of_day: minute, key_digest: 'k' },
    classes: {},
  }));
  const rules = await profileRules(running(opa.opa!), { ...project, document: '{"ttl_s":60}' }, inputs);
  t.deepEqual(rules.map(({ rule }) => rule).sort(), ['portreeve._reasons', 'portreeve.decision']);
  t.true(rules.every(({ place }) => place.startsWith('rego/policy.rego:')));
  const total = rules.reduce((sum, { share }) => sum + share, 0);
  t.true(Math.abs(total - 1) < 0.01);
});
