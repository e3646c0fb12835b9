import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { buildRecord, recordBytes } from '../../../src/audit/record.ts';
import { deviceId, makeWorld } from '../../helpers/world.ts';
import { onlyObject, portreeveHere as portreeve } from './helpers/run.ts';

/** A world with a log of three decisions: an unknown device, a known one, and one whose certificate is of nobody. */
async function withLog(t: ExecutionContext) {
  const world = await makeWorld();
  t.teardown(world.close);
  const lines = [];
  for (const name of ['meter/77', 'meter/1', 'camera/78']) {
    const made = await world.decide(world.connect({ shows: await world.leaf(name) }));
    lines.push(recordBytes(buildRecord(made)));
  }
  const log = join(world.folder, 'records.ndjson');
  const act = '{"act":"start","kind":"act","schema":1}';
  writeFileSync(`${log}.1`, `${lines[0]}\n`);
  writeFileSync(log, `${lines[1]}\n${act}\n{"cut off\n${lines[2]}\n`);
  const run = (...args: string[]) =>
    portreeve(['device', ...args, '--config', world.configFile], { cwd: world.folder });
  return { world, lines, log, run };
}

test('what records show and the inventory does not know becomes a file that can be imported', async (t) => {
  const { world, run } = await withLog(t);
  const args = ['propose', '--from-records', 'records.ndjson', '--class', 'meter'];
  const done = await run(...args, '--out', 'p.ndjson', '--json');
  t.is(done.code, 0, done.stdout);
  t.deepEqual(onlyObject(done), {
    ...{ file: 'p.ndjson', format: 'ndjson', proposed: 2, known: 1, unusable: 0, records: 3, damaged: 1 },
  });
  const file = readFileSync(join(world.folder, 'p.ndjson'), 'utf8');
  t.deepEqual(
    file
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { device_id: string }).device_id),
    [deviceId('camera/78'), deviceId('meter/77')],
  );
  t.is((await run(...args)).stdout, file, 'the same on standard output, and again');

  const dry = await run('import', 'p.ndjson', '--dry-run', '--json');
  t.is(dry.code, 0, dry.stdout);
  t.like(onlyObject(dry), { rows: 2, added: 2, changed: 0, warnings: [] });
  t.is((await run('import', 'p.ndjson')).code, 0);
  const again = await run(...args, '--out', 'p2.ndjson', '--json');
  t.like(onlyObject(again), { proposed: 0, known: 3 });
});

test('what a log holds beside decisions is neither a device nor damage', async (t) => {
  const { log, run } = await withLog(t);
  const others = ['act', 'heartbeat', 'merged', 'shadow', 'shadow_summary'];
  appendFileSync(log, others.map((kind) => `{"kind":"${kind}","schema":1}\n`).join(''));
  const done = await run('propose', '--from-records', 'records.ndjson', '--out', 'p.ndjson', '--json');
  t.like(onlyObject(done), { proposed: 2, records: 3, damaged: 1 });
});

test('a decision counts whatever its reasons tell, also a kind that acts have', async (t) => {
  const { log, run } = await withLog(t);
  const [line = ''] = readFileSync(`${log}.1`, 'utf8').split('\n');
  const { reasons, ...record } = JSON.parse(line) as { readonly reasons: readonly object[] };
  const told = reasons.map((reason) => ({ ...reason, detail: { kind: 'act' } }));
  writeFileSync(`${log}.1`, `${JSON.stringify({ ...record, reasons: told })}\n`);
  const done = await run('propose', '--from-records', 'records.ndjson', '--out', 'p.ndjson', '--json');
  t.like(onlyObject(done), { proposed: 2, records: 3 });
});

test('without a state yet everything is proposed; a class that nothing tells is unclassified', async (t) => {
  const { world, run } = await withLog(t);
  const document = readFileSync(world.configFile, 'utf8').replace('"state.db"', '"none.db"');
  writeFileSync(world.configFile, document);
  const done = await run('propose', '--from-records', 'records.ndjson');
  t.regex(
    done.stdout,
    /"device_id":"spiffe:\/\/fleet.example\/meter\/1","status":"pre_provisioned","class":"meter"/,
  );
  t.regex(done.stdout, /meter\/77","status":"pre_provisioned","class":"unclassified"/);
  t.false(existsSync(join(world.folder, 'none.db')), 'it makes none');
});

test('what cannot be told is refused, and no file is left', async (t) => {
  const { world, lines, run } = await withLog(t);
  const propose = async (...args: string[]) => {
    const done = await run('propose', ...args, '--json');
    t.is(done.code, 2, done.stdout);
    t.false(existsSync(join(world.folder, 'p.ndjson')));
    return (onlyObject(done)['error'] as { code: string }).code;
  };
  const out = ['--out', 'p.ndjson'];
  t.is(await propose('--from-records', 'records.ndjson'), 'PDP_USAGE');
  t.is(await propose('--from-records', 'gone.ndjson', ...out), 'PDP_INPUT_MALFORMED');
  t.is(await propose('--from-records', 'records.ndjson', '--max-devices', '2', ...out), 'PDP_LIMIT_EXCEEDED');
  writeFileSync(join(world.folder, 'newer.ndjson'), `${lines[0]?.replace('"schema":1', '"schema":2')}\n`);
  t.is(await propose('--from-records', 'newer.ndjson', ...out), 'PDP_FORMAT_NEWER');
});

test('records from before are passed over', async (t) => {
  const { run } = await withLog(t);
  const since = ['--since', '2026-06-01T12:00:00.001Z', '--out', 'p.ndjson', '--json'];
  t.like(onlyObject(await run('propose', '--from-records', 'records.ndjson', ...since)), {
    ...{ proposed: 0, known: 0, records: 3 },
  });
});
