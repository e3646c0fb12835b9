import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { defaultBundlePath } from '../../../src/policy/bundle.ts';
import { recordBytes } from '../../../src/audit/record.ts';
import type { Summary } from '../../../src/workshop/diff/summary.ts';
import { policies, policyFile, withOpa } from '../../helpers/policies.ts';
import { meterRecord } from '../../helpers/recorded.ts';
import { deviceId, makeWorld } from '../../helpers/world.ts';
import { onlyObject, portreeveHere as portreeve } from './helpers/run.ts';

/** A world with a log: a device that may connect, one that nobody knows, one that is lost. */
async function withLog(t: ExecutionContext) {
  const world = await makeWorld();
  t.teardown(world.close);
  const lines = [];
  for (const name of ['1', 'unheard-of', 'lost']) lines.push(recordBytes(await meterRecord(world, name)));
  writeFileSync(join(world.folder, 'records.ndjson'), lines.map((line) => `${line}\n`).join(''));
  const run = (...args: string[]) =>
    portreeve([...args, '--config', world.configFile], { cwd: world.folder });
  return { world, lines, run };
}

const records = ['--records', 'records.ndjson'];
const allowAll = (): string => policyFile(policies.allowEverything);

test('policy diff: nothing flips between a policy and itself, in each form: 0', async (t) => {
  const { run } = await withLog(t);
  const args = ['policy', 'diff', 'default', defaultBundlePath, ...records];
  const text = await run(...args);
  t.is(text.code, 0, text.stderr);
  t.regex(text.stdout, /compared +3\n/);
  t.regex((await run(...args, '--format', 'markdown')).stdout, /^### .* no connection flips/);
  const json = JSON.parse((await run(...args, '--format', 'json')).stdout) as Summary;
  t.like(json, { compared: 3, same: 3, flips: 0, failures: [] });
  t.deepEqual(onlyObject(await run(...args, '--json')), { ...json });
});

withOpa('policy diff: devices that flip are listed, and more flips than allowed answer 1', async (t) => {
  const { run } = await withLog(t);
  const args = ['policy', 'diff', 'default', allowAll(), ...records, '--devices'];
  const done = await run(...args, '--max-flips', '1', '--max-lockouts', '0');
  t.is(done.code, 0, done.stderr);
  t.regex(done.stdout, /meter\/unheard-of +- +lyon +deny → allow +inventory\.unknown_device/);
  const locked = await run(
    'policy',
    'diff',
    allowAll(),
    'default',
    ...records,
    '--max-lockouts',
    '0',
    '--json',
  );
  t.is(locked.code, 1);
  const summary = onlyObject(locked) as unknown as Summary;
  t.deepEqual(summary.failures, ['1 lock-outs: more than --max-lockouts 0']);
  t.is((await run(...args, '--max-flips', '0')).code, 1);
});

withOpa('policy diff --store: every device, with what was taken for granted', async (t) => {
  const { run, world } = await withLog(t);
  const done = await run('policy', 'diff', 'default', allowAll(), '--store', '--devices', '--json');
  t.is(done.code, 0, done.stdout);
  const { compared, source, devices } = onlyObject(done) as unknown as Summary;
  t.is(source.kind, 'store');
  t.true(compared >= 12);
  t.true(source.assumptions.some((one) => one.startsWith('envoy asks')));
  t.true(source.assumptions.some((one) => /\d+ were never seen/.test(one)));
  // The floor keeps these out under any policy.
  const flipped = devices.listed?.map((one) => one.device_id) ?? [];
  for (const name of ['lost', 'quarantined', 'disabled'])
    t.false(flipped.includes(deviceId(`meter/${name}`)));
  t.is(world.records.length, 3, 'nothing was recorded');
});

test('policy diff: what is missing, too much, or nowhere: 2', async (t) => {
  const { run, world } = await withLog(t);
  const refused = async (...args: string[]): Promise<string> => {
    const done = await run('policy', 'diff', ...args);
    t.is(done.code, 2, done.stdout);
    return done.stderr;
  };
  t.regex(await refused('default', 'default'), /give one of --records/);
  t.regex(await refused('default', 'default', ...records, '--store'), /give one of --records/);
  t.regex(await refused('default', 'nowhere', ...records), /nowhere: neither/);
  t.regex(await refused('default', 'default', '--records', 'none'), /none/);
  writeFileSync(join(world.folder, 'cut.ndjson'), '{"kind":\n');
  t.regex(await refused('default', 'default', '--records', 'cut.ndjson'), /cut\.ndjson:1: not JSON/);
  const skipped = await run(
    'policy',
    'diff',
    'default',
    'default',
    '--records',
    'cut.ndjson',
    '--skip-damaged',
  );
  t.is(skipped.code, 1, 'nothing could be compared');
});

test('records sample: a file that policy diff scales back, and the same with the same key', async (t) => {
  const { run, world } = await withLog(t);
  writeFileSync(join(world.folder, 'key'), 'k'.repeat(32));
  const args = ['records', 'sample', ...records, '--pseudonymise', '--key', 'key'];
  const done = await run(...args, '--out', 'sample.ndjson', '--json');
  t.is(done.code, 0, done.stdout);
  t.like(onlyObject(done), {
    file: 'sample.ndjson',
    decisions: 3,
    kept: 3,
    pseudonymised: true,
    left_out: 0,
  });
  const file = readFileSync(join(world.folder, 'sample.ndjson'), 'utf8');
  t.is((await run(...args)).stdout, file, 'the same on standard output, and again');
  t.false(file.includes('spiffe://fleet.example/meter/'));
  const compared = await portreeve(
    ['policy', 'diff', 'default', 'default', '--records', join(world.folder, 'sample.ndjson'), '--json'],
    { cwd: '/' },
  );
  t.is(compared.code, 0, 'without a configuration');
  const { source } = onlyObject(compared) as unknown as Summary;
  t.true(source.sampled);
  t.regex(source.assumptions[0] ?? '', /device_id.*pseudonyms/);
});

test('records sample: what cannot be chosen: 2, and no file is left', async (t) => {
  const { run, world } = await withLog(t);
  writeFileSync(join(world.folder, 'short'), 'k');
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['--by', 'owner'], /class, site, reason/],
    [['--by', 'class,class'], /each once/],
    [['--max', '1'], /more than --max 1/],
    [['--key', 'short'], /--key is for --pseudonymise/],
    [['--pseudonymise', '--key', 'short'], /at least 16 bytes/],
  ];
  for (const [args, problem] of cases) {
    const done = await run('records', 'sample', ...records, ...args, '--out', 'out.ndjson');
    t.is(done.code, 2);
    t.regex(done.stderr, problem);
  }
  t.is((await run('records', 'sample', ...records, '--json')).code, 2);
  t.false(existsSync(join(world.folder, 'out.ndjson')));
});

test('policy replay: what is not kept cannot be replayed: 1; a sample can by its own settings: 0', async (t) => {
  const { run, lines, world } = await withLog(t);
  const lost = await run('policy', 'replay', ...records, '--json');
  t.is(lost.code, 1);
  t.like(onlyObject(lost), { ok: false, records: 3, not_replayable: 3 });
  await run('records', 'sample', ...records, '--out', 'sample.ndjson');
  const sample = ['policy', 'replay', '--records', 'sample.ndjson', '--bundle', defaultBundlePath];
  const done = await run(...sample);
  t.is(done.code, 0, done.stdout + done.stderr);
  const path = join(world.folder, 'sample.ndjson');
  const changed = readFileSync(path, 'utf8').replace(/"ttl_s":3600\}(?=,"versions")/, '"ttl_s":60}');
  writeFileSync(path, changed);
  const found = await run(...sample);
  t.is(found.code, 1);
  t.regex(found.stdout, /sample\.ndjson:\d: .*\n +verdict\.ttl_s: 60, again 3600/);
  t.is(lines.length, 3);
});
