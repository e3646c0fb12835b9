import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { buildRecord, recordBytes } from '../../../src/audit/record.ts';
import type { AuditRecord } from '../../../src/audit/record.ts';
import { keyList, logIn, temporaryFolder, toldRecord, writeLog } from '../../helpers/audit-log.ts';
import { deviceId, makeWorld } from '../../helpers/world.ts';
import { onlyObject, portreeveHere as portreeve } from './helpers/run.ts';

const some = Array.from({ length: 300 }, (_, number) =>
  toldRecord(number, { outcome: number % 5 === 0 ? 'deny' : 'allow', site: number % 2 ? 'north' : 'south' }),
);

interface QueryData {
  readonly records: readonly { origin: string; index: number; record: { device_id: string } }[];
  readonly next: string | null;
}

async function data<T>(t: ExecutionContext, cwd: string, ...args: string[]): Promise<T> {
  const run = await portreeve(['audit', ...args, '--json'], { cwd });
  t.true([0, 1].includes(run.code!), run.stdout + run.stderr);
  return onlyObject(run) as T;
}

test('query finds in several logs at once, without configuration, page by page', async (t) => {
  const folder = logIn(t, some);
  const file = join(temporaryFolder(t), 'other.ndjson');
  writeFileSync(
    file,
    some
      .slice(0, 10)
      .map((one) => `${JSON.stringify(one)}\n`)
      .join(''),
  );
  const args = ['query', '.', file, '--device', 'meter-3', '--limit', '30'];
  const first = await data<QueryData>(t, folder, ...args);
  t.is(first.records.length, 30);
  const second = await data<QueryData>(t, folder, ...args, '--cursor', first.next!);
  t.is(second.next, null);
  const found = [...first.records, ...second.records];
  t.is(found.length, 44);
  t.true(found.every(({ record }) => record.device_id === 'meter-3'));
  t.deepEqual([...new Set(found.map(({ origin }) => origin))].sort(), ['.', file].sort());
  t.is((await data<QueryData>(t, folder, ...args, '--all')).records.length, 44);
});

test('query prints tables, CSV, records with where they stand, and records byte for byte', async (t) => {
  const folder = logIn(t, [...some, toldRecord(300, { device: '=cmd()', outcome: 'deny' })]);
  const run = async (...args: string[]) =>
    (await portreeve(['audit', 'query', ...args], { cwd: folder })).stdout;
  t.regex(
    await run('.', '--limit', '2'),
    /^time +index +outcome .*\n.* 300 +deny .*\n.* 299 .*\nmore: --cursor \S+\n$/,
  );
  t.is(
    await run('.', '--site', 'nowhere'),
    'time  index  outcome  device  reason  asked by  decision\nno record matches\n',
  );
  const csv = (await run('.', '--format', 'csv', '--limit', '2')).split('\r\n');
  t.regex(csv[0]!, /^time,origin,index,kind,/);
  t.true(csv[1]!.includes(",'=cmd(),"), 'what a table program takes for a formula is none');
  const ndjson = JSON.parse(await run('.', '--format', 'ndjson', '--limit', '1')) as object;
  t.like(ndjson, { origin: '.', index: 300 });
  t.is(await run('.', '--format', 'records', '--oldest-first', '--limit', '1'), `${recordBytes(some[0]!)}\n`);
});

test('wrong questions are refused', async (t) => {
  const folder = logIn(t, some);
  for (const args of [
    ['query', '.', '--cursor', 'nonsense'],
    ['query', '.', '--since', 'yesterday'],
    ['query', '.', '--network', 'everywhere'],
    ['query', '.', '--follow', '--all'],
    ['query', 'nowhere'],
    ['stats', '.', '--by', 'weather'],
    ['reindex', 'nowhere'],
  ])
    t.is((await portreeve(['audit', ...args], { cwd: folder })).code, 2, args.join(' '));
  t.is((await portreeve(['audit', 'show', 'no-such-id', '.'], { cwd: folder })).code, 1);
});

test('stats count by values and time, as table, CSV and JSON, the same with an index and without', async (t) => {
  const folder = logIn(t, some);
  const args = ['stats', '.', '--by', 'outcome,site', '--per', 'hour'];
  const plain = await data<{ total: number; by_index: number; rows: object[] }>(t, folder, ...args);
  t.like(plain, { total: 300, by_index: 0 });
  t.deepEqual(plain.rows[0], {
    from: '2026-11-20T08:00:00.000Z',
    outcome: 'allow',
    site: 'north',
    count: 120,
  });
  t.is((await portreeve(['audit', 'reindex', '.'], { cwd: folder })).code, 0);
  const indexed = await data<{ total: number; by_index: number; rows: object[] }>(t, folder, ...args);
  t.deepEqual(indexed, { ...plain, by_index: 256 });
  t.like(await data(t, folder, ...args, '--no-index'), { by_index: 0 });
  const csv = await portreeve(['audit', ...args, '--format', 'csv'], { cwd: folder });
  t.is(csv.stdout.split('\r\n')[1], '2026-11-20T08:00:00.000Z,allow,north,120');
  const table = await portreeve(['audit', 'stats', '.', '--by', 'outcome'], { cwd: folder });
  t.is(
    table.stdout,
    'outcome  count\nallow      240\ndeny        60\n300 in all, 256 of them by its index, which audit verify compares with the log\n',
  );
});

/** A meter that is allowed, then denied because it was disabled, with the act between; in a log. */
async function withTurn(t: ExecutionContext) {
  const world = await makeWorld();
  t.teardown(world.close);
  const decide = async (name: string): Promise<AuditRecord> =>
    buildRecord(await world.decide(world.connect({ shows: await world.leaf(name) })));
  const allowed = await decide('meter/1');
  const lost = await decide('meter/lost');
  const id = deviceId('meter/1');
  const later = { time: '2099-01-01T00:00:00.000Z' };
  const act = {
    ...{
      kind: 'act',
      schema: 1,
      act: 'change',
      time: '2098-01-01T00:00:00.000Z',
      program: 'p',
      instance: 'i',
    },
    ...{ tenant: 'default', actor: 'cli:ann', why: 'stolen', selector: id, epoch: null, detail: {} },
  };
  const facts = { ...lost.facts!, device: { ...lost.facts!.device!, device_id: id } };
  const denied = { ...lost, ...later, device_id: id, facts };
  return { world, id, allowed, denied, folder: logIn(t, [allowed, act, denied]) };
}

test('why tells what changed between the last allow and the denial after it, and the acts between', async (t) => {
  const { id, allowed, folder } = await withTurn(t);
  t.is(allowed.outcome, 'allow');
  const found = await data<{
    decisions: object[];
    turn: { changes: { path: string; recorded: unknown; replayed: unknown }[]; acts: { record: object }[] };
  }>(t, folder, 'why', id, '.');
  t.is(found.decisions.length, 2);
  const status = found.turn.changes.find(({ path }) => path === 'facts.device.status');
  t.deepEqual(status && [status.recorded, status.replayed], ['active', 'lost']);
  t.false(found.turn.changes.some(({ path }) => /time|facts\.now|age_s/.test(path)));
  t.like(found.turn.acts[0]!.record, { why: 'stolen' });
  const { stdout } = await portreeve(['audit', 'why', id, '.'], { cwd: folder });
  t.regex(stdout, /was allowed at .*, and denied first after that at 2099-01-01/);
  t.regex(stdout, /facts\.device\.status +"active" +"lost"/);
  t.regex(stdout, /change +cli:ann .* stolen/);
  t.is((await portreeve(['audit', 'why', 'unheard-of', '.'], { cwd: folder })).code, 1);
});

test('show tells a decision in words, everything that is recorded, and what vouches for it', async (t) => {
  const { denied, allowed, folder } = await withTurn(t);
  mkdirSync(join(folder, 'keys'));
  writeFileSync(join(folder, 'keys/log.json'), keyList());
  const shown = await portreeve(['audit', 'show', denied.decision_id, '.'], { cwd: folder });
  t.is(shown.code, 0, shown.stderr);
  for (const part of [
    /was denied at 2099-01-01T00:00:00\.000Z; the enforcement point \S+ asked\./,
    /What was believed, and how old that was then:\n(.*\n)* {2}- device: .*lost/,
    /It was decided by inventory\.\S+ \(a rule of the policy, policy [0-9a-f]{12}\)/,
    /serves .*NIST/,
    /What to do about inventory/,
    /"decision_id": "/,
    /in the tree of log\.example\/site with 3 entries by a proof of \d hashes/,
  ])
    t.regex(shown.stdout, part);
  t.like(await data(t, folder, 'show', '#0', '.'), {
    record: { decision_id: allowed.decision_id },
    proof: { is: 'in_tree', size: 3, signed: true },
  });
  // The checkpoint of another tree: the entry is not proved by it.
  const other = logIn(t, some.slice(0, 3));
  writeFileSync(join(folder, 'checkpoint'), readFileSync(join(other, 'checkpoint')));
  const wrong = await portreeve(['audit', 'show', '#0', '.', '--json'], { cwd: folder });
  t.is(wrong.code, 1);
  t.like(onlyObject(wrong), { proof: { is: 'not_in_tree' } });
});

test('show says that nothing is proved, and answers 1, where no key verified the tree or hashes of the proof are damaged', async (t) => {
  const folder = logIn(t, some.slice(0, 300));
  const show = () => portreeve(['audit', 'show', '#100', '.'], { cwd: folder });
  const unverified = await show();
  t.is(unverified.code, 1);
  t.regex(
    unverified.stdout,
    /signed in the log's name, which was NOT verified: no key of the log lies beside it/,
  );
  mkdirSync(join(folder, 'keys'));
  writeFileSync(join(folder, 'keys/log.json'), keyList());
  t.is((await show()).code, 0);
  const checkpoint = readFileSync(join(folder, 'checkpoint'), 'utf8');
  const [body = '', signature = ''] = checkpoint.split('\n\n');
  writeFileSync(join(folder, 'checkpoint'), `${body}\n\n${signature.replace(/..==?\n$|....\n$/, 'AAAA\n')}`);
  const garbled = await show();
  t.is(garbled.code, 1, garbled.stdout);
  t.regex(garbled.stdout, /its checkpoint is NOT signed by any of the log's keys/);
  writeFileSync(join(folder, 'checkpoint'), checkpoint);
  // The other tile that the proof needs.
  truncateSync(join(folder, 'tile/0/001.p/44'), 100);
  const damaged = await show();
  t.is(damaged.code, 1, damaged.stdout + damaged.stderr);
  t.regex(damaged.stdout, /NOT proved by the tree of log\.example\/site with 300 entries: .*tile\/0\/001/);
});

test('follow goes on with what is written, until its time is over', async (t) => {
  const folder = logIn(t, some.slice(0, 10));
  const until = new Date(Date.now() + 3500).toISOString();
  const args = [
    'audit',
    'query',
    '.',
    '--device',
    'meter-3',
    '--follow',
    '--until',
    until,
    '--format',
    'records',
  ];
  const following = portreeve(args, { cwd: folder });
  await new Promise((resolve) => setTimeout(resolve, 700));
  writeLog(folder, some.slice(0, 20));
  const { stdout } = await following;
  t.deepEqual(
    stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { decision_id: string }).decision_id.slice(-2)),
    ['03', '10', '17'],
  );
});
