import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { recordBytes } from '../../../src/audit/record.ts';
import { opa, withOpa } from '../../helpers/policies.ts';
import { projectFolder, smallProject } from '../../helpers/policy-projects.ts';
import { meterRecord } from '../../helpers/recorded.ts';
import { root } from '../../helpers/source-files.ts';
import { makeWorld } from '../../helpers/world.ts';
import { onlyObject, portreeveHere } from './helpers/run.ts';

const env = { PORTREEVE_OPA: opa.path };

function run(cwd: string, ...args: readonly string[]) {
  return portreeveHere(['policy', ...args], { cwd, env });
}

withOpa('cases and Rego tests are in one report, which goes to several files at once', async (t) => {
  const folder = projectFolder(t, smallProject);
  const ran = await run(
    folder,
    ...[
      'test',
      '--cross-check',
      '--format',
      'tree',
      '--format',
      'junit=out/report.xml',
      '--format',
      'tap=report.tap',
    ],
    ...['--coverage-out', 'lcov=out/coverage.info', '--no-cache'],
  );
  t.is(ran.code, 0, ran.stdout);
  t.regex(ran.stdout, /cases\/travelling.yaml {2}2 passed/);
  t.regex(ran.stdout, /test_day \(portreeve_test\)/);
  t.regex(ran.stdout, /cross-checked with opa: 2 compared, 0 differ\n3 passed, 0 failed/);
  t.regex(readFileSync(join(folder, 'out/report.xml'), 'utf8'), /<testsuites .* tests="3" failures="0"/);
  t.regex(readFileSync(join(folder, 'report.tap'), 'utf8'), /^TAP version 14\n1..3\n/);
  t.regex(readFileSync(join(folder, 'out/coverage.info'), 'utf8'), /^TN:\nSF:rego\/policy.rego\n/);
});

withOpa('where no test is chosen, or there is none, nothing has passed', async (t) => {
  const folder = projectFolder(t, smallProject);
  const ran = await run(folder, 'test', '--no-cache', '--run', 'no such test');
  t.is(ran.code, 2);
  t.regex(ran.stderr, /--run no such test: no test is chosen by it/);
  t.is((await run(folder, 'test', '--no-cache', '--tag', 'smokee')).code, 2);
  const empty = projectFolder(t, {
    'policy.yaml': 'version: 1\n',
    'rego/policy.rego': smallProject['rego/policy.rego'] ?? '',
    'cases/none.yaml': 'cases: []\n',
  });
  const none = await run(empty, 'test', '--no-cache');
  t.is(none.code, 2);
  t.regex(none.stderr, /there is nothing to test/);
});

withOpa(
  'every problem of a case file stands on a line of its own, and so do the words of the compiler',
  async (t) => {
    const folder = projectFolder(t, { ...smallProject, 'cases/more.yaml': 'cases:\n  - tittle: one\n' });
    const ran = await run(folder, 'test', '--no-cache');
    t.is(ran.code, 2);
    t.regex(ran.stderr, /^portreeve: PDP_CASES_INVALID: cases\/more\.yaml:2.*\ncases\/more\.yaml:2.*\n$/);
    const broken = projectFolder(t, {
      ...smallProject,
      'rego/policy.rego': 'package portreeve\n\nx := f(\n',
    });
    const built = await run(broken, 'test', '--no-cache');
    t.is(built.code, 5);
    t.regex(built.stderr, /rego_parse_error/);
    t.notRegex(built.stderr, /u000a|u0009/);
  },
);

withOpa('a case that names a reason which the policy does not declare is refused', async (t) => {
  const cases = smallProject['cases/travelling.yaml'] ?? '';
  const folder = projectFolder(t, {
    ...smallProject,
    'cases/more.yaml': cases.replaceAll('custom.night', 'custom.nihgt'),
  });
  const ran = await run(folder, 'test', '--no-cache');
  t.is(ran.code, 2);
  t.regex(
    ran.stderr,
    /cases\/more\.yaml:\d+: .*: expects custom\.nihgt, which policy\.yaml does not declare/,
  );
});

withOpa('less coverage than is wanted fails although every test passes, and says so', async (t) => {
  const cases = smallProject['cases/travelling.yaml']?.replace(/ {2}- title: by night[^]*$/, '') ?? '';
  const folder = projectFolder(t, {
    ...smallProject,
    'cases/travelling.yaml': cases,
    'rego/policy_test.rego': null,
  });
  const ran = await run(folder, 'test', '--no-cache', '--coverage-min', '90');
  t.is(ran.code, 1);
  t.regex(ran.stdout, /never fired:\n {2}portreeve._reasons \(rego\/policy.rego:12\)/);
  t.regex(ran.stdout, /custom.night: given at rego\/policy.rego:12/);
  t.regex(ran.stdout, /and 90 % are wanted\n1 passed, 0 failed/);
  const quiet = await run(folder, 'test', '--no-cache', '--coverage-min', '90', '--format', 'tap');
  t.is(quiet.code, 1);
  t.regex(quiet.stderr, /and 90 % are wanted/);
  t.is((await run(folder, 'test', '--no-cache', '--coverage-min', '10')).code, 0);
});

withOpa('a failing case shows the rules that fired, the input, and with --explain the trace', async (t) => {
  const cases = smallProject['cases/travelling.yaml']?.replace(
    'outcome: allow',
    'outcome: deny, reasons: [custom.night]',
  );
  const folder = projectFolder(t, { ...smallProject, 'cases/travelling.yaml': cases ?? '' });
  const ran = await run(folder, 'test', '--no-cache', '--explain');
  t.is(ran.code, 1);
  t.regex(ran.stdout, /\| {3}outcome +deny +allow\n/);
  t.regex(ran.stdout, /\| rules that fired:\n\| {3}portreeve.decision \(rego\/policy.rego:3\)/);
  t.regex(ran.stdout, /\| {3}minute_of_day +720\n/);
  t.regex(ran.stdout, /Fail lt\(.*where .*720|Fail .*input.minute_of_day is 720|__local\d+__: 720/);
});

withOpa(
  'wrong usage is refused before anything runs, and what does not compile has its own exit code',
  async (t) => {
    const folder = projectFolder(t, smallProject);
    for (const wrong of [
      ['--format', 'xml'],
      ['--coverage-out', 'lcov'],
      ['--coverage-min', '101'],
      ['--run', '('],
      ['--watch', '--json'],
    ]) {
      t.is((await run(folder, 'test', ...wrong)).code, 2, wrong.join(' '));
    }
    writeFileSync(join(folder, 'rego/policy.rego'), 'package portreeve\n\ndecision := nothing_here\n');
    t.is((await run(folder, 'test', '--no-cache')).code, 5);
  },
);

withOpa('a case from a record passes when it is run, and names nobody', async (t) => {
  const world = await makeWorld();
  const record = await meterRecord(world, '1');
  const classes = JSON.stringify({ portreeve: { classes: world.config.classes } });
  const folder = projectFolder(t, { 'policy.yaml': 'version: 1\n', 'data/data.json': classes });
  cpSync(join(root, 'rego/portreeve'), join(folder, 'rego'), { recursive: true });
  writeFileSync(join(folder, 'records.ndjson'), `${recordBytes(record)}\n`);
  const { decision_id: id, device_id: device } = record;
  const added = await run(
    folder,
    'case',
    'add',
    '--from-record',
    id,
    '--records',
    'records.ndjson',
    '--json',
  );
  const { passes, file, problems } = onlyObject(added);
  t.deepEqual([added.code, passes, problems], [0, true, []]);
  const text = readFileSync(join(folder, file as string), 'utf8');
  for (const value of [device, record.leaf, record.key, record.serial, record.owner, record.site]) {
    if (typeof value === 'string') t.false(text.includes(value), value);
  }
  t.is((await run(folder, 'test', '--no-cache', '--run', 'recorded')).code, 0);
  const again = await run(folder, 'case', 'add', '--from-record', id, '--records', 'records.ndjson');
  t.is(again.code, 2);
  const unknown = await run(folder, 'case', 'add', '--from-record', 'nobody', '--records', 'records.ndjson');
  t.is(unknown.code, 1);
  t.false(existsSync(join(folder, 'cases/recorded/nobody.yaml')));
});
