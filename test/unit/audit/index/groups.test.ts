import { fork } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import { followLog, LogFollower, rebuildIndex } from '../../../../src/audit/index/follow.ts';
import { openIndexFile } from '../../../../src/audit/index/index-file.ts';
import { countRecords } from '../../../../src/audit/query/count.ts';
import { fieldNames, valuesOf } from '../../../../src/audit/query/fields.ts';
import type { FieldName } from '../../../../src/audit/query/fields.ts';
import { queryPage } from '../../../../src/audit/query/page.ts';
import { openSearched } from '../../../../src/audit/query/search.ts';
import { openRecords } from '../../../../src/audit/sources/open-records.ts';
import type { TreeLog } from '../../../../src/audit/sources/types.ts';
import { logIn, toldRecord } from '../../../helpers/audit-log.ts';

const groups = 64 * 256;
const size = groups + 20 * 256 + 100;

/** Records of which some values are everywhere, some in one place, and some in one group alone. */
const records = Array.from({ length: size }, (_, number) => ({
  ...toldRecord(number, {
    outcome: number % 5 === 0 ? 'deny' : 'allow',
    site: number > 16_000 && number < 17_000 ? 'edge of groups' : 'north',
    device: `meter-${number % 3001}`,
    address: `10.${number % 7}.${number % 250}.9`,
  }),
  ...(number % 4096 === 9 && { owner: null }),
  trace_id: number % 2 === 0 ? String(number).padStart(32, '0') : null,
}));

async function treeOf(folder: string): Promise<TreeLog> {
  return (await openRecords([folder], { folder: '/' })).logs[0]!.tree!;
}

/** The log as it was when it had so many entries; the partial tiles of that time are gone, so that no root is compared. */
function asOf(tree: TreeLog, count: number): TreeLog {
  return { ...tree, checkpoint: { ...tree.checkpoint, size: count } };
}

/** Values that are asked for: of records of both groups. */
const asked = [9, 16_200, groups + 3001].flatMap((at) =>
  fieldNames.flatMap((field) => {
    const value = valuesOf(records[at] as Record<string, unknown>, field)[0];
    return value === undefined ? [] : [[field, value] as const];
  }),
);

/** The newest records of every value that is asked for, as the records themselves say. */
const expected = asked.map(([field, value]) => {
  const found: number[] = [];
  for (let at = size - 1; at >= 0 && found.length < 5; at -= 1)
    if (valuesOf(records[at] as Record<string, unknown>, field).includes(value)) found.push(at);
  return [field, value, found] as const;
});

async function answers(folder: string): Promise<typeof expected> {
  const { logs } = await openRecords([folder], { folder: '/' });
  const opened = await openSearched(logs[0]!);
  const found: (readonly [FieldName, string, number[]])[] = [];
  for (const [field, value] of asked) {
    const filter = { fields: { [field]: value } as Partial<Record<FieldName, string>> };
    const { entries } = await queryPage([opened], { filter, order: 'newest', limit: 5 });
    found.push([field, value, entries.map(({ index }) => index)]);
  }
  opened.close();
  return found;
}

async function counts(folder: string) {
  const { logs } = await openRecords([folder], { folder: '/' });
  const opened = await openSearched(logs[0]!);
  const found: unknown[] = [];
  for (const fields of [{ device: 'meter-11', outcome: 'deny' }, {}, { site: 'edge of groups' }]) {
    const by = ['site', 'outcome', 'owner'] as const;
    const { rows, total } = await countRecords([opened], {
      filter: { fields },
      by,
      per: 3_600_000,
      decided: true,
    });
    found.push(rows, total);
  }
  opened.close();
  return found;
}

function runsIn(folder: string): readonly string[] {
  const index = openIndexFile(folder, 'read_only')!;
  const runs = index.all('SELECT first, next FROM runs ORDER BY first');
  index.close();
  return runs.map(({ first, next }) => `${Number(first)}-${Number(next)}`);
}

test('an index that followed in steps, one that was made anew and none at all give the same answers', async (t) => {
  t.timeout(240_000);
  const folder = logIn(t, records);
  const counted = await counts(folder);
  t.true(expected.length > 40);
  const tree = await treeOf(folder);
  const follower = new LogFollower(folder, folder);
  for (const tiles of [1, 2, 5, 40, 63, 70, 71])
    await follower.follow(asOf(tree, tiles * 256), { maxBytes: null });
  t.deepEqual(runsIn(folder), ['0-64', '64-70', '70-71']);
  await follower.follow(tree, { maxBytes: null });
  follower.close();
  t.deepEqual(runsIn(folder), ['0-64', '64-70', '70-71', '71-84']);
  t.deepEqual(await answers(folder), expected);
  t.deepEqual(await counts(folder), counted);
  await rebuildIndex(folder, folder, tree, { maxBytes: null });
  t.deepEqual(runsIn(folder), ['0-64', '64-84']);
  t.deepEqual(await answers(folder), expected);
  t.deepEqual(await counts(folder), counted);
  // What the index lost of a group is found by looking through the log, and is gone with the last of its tiles.
  for (const bundle of ['000', '001', '062']) rmSync(join(folder, 'tile/entries', bundle));
  const first = { ...(await treeOf(folder)), first: 63 * 256 };
  await followLog(folder, folder, first, { maxBytes: null });
  t.deepEqual(runsIn(folder), ['0-64', '64-84']);
  await followLog(folder, folder, { ...first, first: 64 * 256 }, { maxBytes: null });
  t.deepEqual(runsIn(folder), ['64-84']);
  const index = openIndexFile(folder, 'read_only')!;
  t.is(index.get('SELECT min(id) / 4096 AS first FROM buckets')?.['first'], 64);
  index.close();
});

test('a process that is killed while it follows leaves an index that is right as far as it goes', async (t) => {
  t.timeout(240_000);
  const folder = logIn(t, records);
  const path = (name: string): string =>
    JSON.stringify(pathToFileURL(join(process.cwd(), 'src/audit', name)).href);
  const entry = join(folder, 'follow.mjs');
  writeFileSync(
    entry,
    `import { LogFollower } from ${path('index/follow.ts')};
     import { openRecords } from ${path('sources/open-records.ts')};
     const folder = ${JSON.stringify(folder)};
     const tree = (await openRecords([folder], { folder: '/' })).logs[0].tree;
     const follower = new LogFollower(folder, folder);
     for (let size = Number(process.argv[2]); size <= tree.checkpoint.size; size += 256) {
       await follower.follow({ ...tree, checkpoint: { ...tree.checkpoint, size } }, { maxBytes: null });
       process.send(size);
     }`,
  );
  let next = 256;
  for (const upTo of [3, 61]) {
    const child = fork(entry, [String(next)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    child.on('message', (size: number) => (next = size + 256));
    while (next <= upTo * 256 && child.exitCode === null) await sleep(1);
    child.kill('SIGKILL');
    if (child.signalCode === null) await once(child, 'exit');
    t.true(next > upTo * 256 && next < size);
    t.deepEqual(await answers(folder), expected);
  }
  await followLog(folder, folder, await treeOf(folder), { maxBytes: null });
  t.deepEqual(await answers(folder), expected);
  const index = openIndexFile(folder, 'read_only')!;
  t.is(index.get('SELECT count(*) AS n FROM columns')?.['n'], Math.floor(size / 256));
  t.is(index.get('PRAGMA integrity_check')?.['integrity_check'], 'ok');
  index.close();
});

test('an index of the format before is made anew', async (t) => {
  const folder = logIn(t, records.slice(0, 600));
  const old = new DatabaseSync(join(folder, 'index.db'));
  old.exec(
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID; INSERT INTO meta VALUES ('next', '9')",
  );
  old.exec('CREATE TABLE rows (idx INTEGER PRIMARY KEY); PRAGMA user_version = 1');
  old.close();
  const { logs } = await openRecords([folder], { folder: '/' });
  t.is((await openSearched(logs[0]!)).index, undefined);
  await followLog(folder, folder, await treeOf(folder), { maxBytes: null });
  t.deepEqual(runsIn(folder), ['0-2']);
});

test('an index that another process made anew is gone on with, and not the one that was open', async (t) => {
  const folder = logIn(t, records.slice(0, 1300));
  const tree = await treeOf(folder);
  const follower = new LogFollower(folder, folder);
  await follower.follow(asOf(tree, 512), { maxBytes: null });
  await rebuildIndex(folder, folder, asOf(tree, 768), { maxBytes: null });
  t.like(await follower.follow(tree, { maxBytes: null }), { first: 0, next: 1280 });
  follower.close();
  t.deepEqual(runsIn(folder), ['0-3', '3-5']);
  const { logs } = await openRecords([folder], { folder: '/' });
  const opened = await openSearched(logs[0]!);
  const { entries } = await queryPage([opened], {
    filter: { fields: { device: 'meter-1' } },
    order: 'oldest',
    limit: 9,
  });
  t.deepEqual(
    entries.map(({ index }) => index),
    [1],
  );
  opened.close();
});
