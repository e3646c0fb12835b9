import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import test from 'ava';
import { followLog, rebuildIndex } from '../../../../src/audit/index/follow.ts';
import { findHits } from '../../../../src/audit/index/hits.ts';
import { coveredBy, openIndexFile } from '../../../../src/audit/index/index-file.ts';
import { countRecords } from '../../../../src/audit/query/count.ts';
import { openSearched } from '../../../../src/audit/query/search.ts';
import { openRecords } from '../../../../src/audit/sources/open-records.ts';
import type { SideFile } from '../../../../src/store/side-file.ts';
import { logIn, toldRecord, writeLog } from '../../../helpers/audit-log.ts';

const records = (count: number, site = 'north') =>
  Array.from({ length: count }, (_, number) => toldRecord(number, { site }));

async function treeOf(folder: string) {
  return (await openRecords([folder], { folder: '/' })).logs[0]!.tree!;
}

async function follow(folder: string, maxBytes: number | null = null) {
  return followLog(folder, folder, await treeOf(folder), { maxBytes });
}

test('an index has whole tiles, follows the log as it grows, and says what it lacks', async (t) => {
  const folder = logIn(t, records(300));
  t.like(await follow(folder), { first: 0, next: 256, size: 300 });
  writeLog(folder, records(1000));
  t.like(await follow(folder), { first: 0, next: 768, size: 1000 });
  t.like(await follow(folder), { next: 768 });
});

test('two who follow at once add every tile once', async (t) => {
  const folder = logIn(t, records(2600));
  await Promise.all([follow(folder), follow(folder)]);
  const { total, by_index: byIndex } = await countedIn(folder, 'outcome');
  t.deepEqual([total, byIndex], [2600, 2560]);
});

test('an index of another log, of another format or that is no database is made anew', async (t) => {
  const folder = logIn(t, records(600, 'first'));
  await follow(folder);
  writeLog(folder, records(600, 'second'));
  t.like(await follow(folder), { next: 512 });
  t.is(await sitesIn(folder), 'second');
  writeFileSync(join(folder, 'index.db'), 'no database');
  rmSync(join(folder, 'index.db-wal'), { force: true });
  t.like(await follow(folder), { next: 512 });
  t.is(await sitesIn(folder), 'second');
});

/** Has anybody write into an index. */
function doctor(folder: string, sql: string): void {
  const index = new DatabaseSync(join(folder, 'index.db'));
  index.exec(sql);
  index.close();
}

test('an index that claims to have more than its log had hides nothing, and is made anew', async (t) => {
  const folder = logIn(t, records(600));
  await follow(folder);
  doctor(folder, "UPDATE meta SET value = '99999999' WHERE key = 'next'");
  t.is((await countedIn(folder, 'site')).total, 600);
  t.like(await follow(folder), { first: 0, next: 512 });
});

test('an index that is found to be damaged while it is gone on with is made anew the next time', async (t) => {
  const folder = logIn(t, records(600));
  await follow(folder);
  doctor(folder, 'UPDATE runs SET buckets = -1');
  writeLog(folder, records(20_000));
  await t.throwsAsync(follow(folder), { message: /index.db is damaged/ });
  t.like(await follow(folder), { first: 0, next: 19_968 });
});

async function countedIn(folder: string, by: 'outcome' | 'site') {
  const { logs } = await openRecords([folder], { folder: '/' });
  const opened = await openSearched(logs[0]!);
  const counted = await countRecords([opened], {
    ...{ filter: { fields: {} }, by: [by], per: undefined, decided: true },
  });
  opened.close();
  return counted;
}

async function sitesIn(folder: string): Promise<string> {
  return (await countedIn(folder, 'site')).rows.map(({ values }) => String(values[0])).join();
}

test('an index that is too large loses its oldest tiles; what it lost is found by looking through the log', async (t) => {
  const folder = logIn(t, records(4000));
  const whole = await follow(folder);
  const pruned = await follow(folder, Math.floor(whole.bytes / 2));
  t.true(pruned.first > 0);
  t.true(pruned.bytes <= whole.bytes / 2);
  t.is(pruned.next, whole.next);
  const index = openIndexFile(folder, 'read_only')!;
  for (const table of ['tiles', 'columns'])
    t.is(rowsBelow(index, `SELECT count(*) AS n FROM ${table} WHERE tile < ?`, pruned.first / 256), 0);
  t.is(coveredBy(index).first * 256, pruned.first);
  index.close();
  const { logs } = await openRecords([folder], { folder: '/' });
  const opened = await openSearched(logs[0]!);
  const { total } = await countRecords([opened], {
    ...{ filter: { fields: {} }, by: ['outcome'], per: undefined, decided: true },
  });
  opened.close();
  t.is(total, 4000);
});

function rowsBelow(index: SideFile, sql: string, tile: number): number {
  return Number(index.get(sql, tile)?.['n']);
}

test('what retention took from the log leaves the index too, and nothing stands in the way of the rest', async (t) => {
  const folder = logIn(t, records(1500));
  await follow(folder);
  for (const bundle of ['000', '001']) rmSync(join(folder, 'tile/entries', bundle));
  t.is((await treeOf(folder)).first, 512);
  t.like(await follow(folder), { first: 512, next: 1280 });
  rmSync(join(folder, 'index.db'));
  t.like(await follow(folder), { first: 512, next: 1280 });
});

test('an index is made anew at will', async (t) => {
  const folder = logIn(t, records(600));
  await follow(folder);
  const before = readFileSync(join(folder, 'index.db'));
  t.true(before.length > 0);
  t.like(await rebuildIndex(folder, folder, await treeOf(folder), { maxBytes: null }), {
    first: 0,
    next: 512,
  });
  t.true(existsSync(join(folder, 'index.db')));
});

test('what stands as a commitment is neither found nor counted by it', async (t) => {
  const secret = `redacted:${'ab'.repeat(32)}`;
  const folder = logIn(
    t,
    Array.from({ length: 256 }, (_, number) =>
      toldRecord(number, { device: secret, redacted: ['/device_id'] }),
    ),
  );
  await follow(folder);
  const index = openIndexFile(folder, 'read_only')!;
  t.is(index.get('SELECT 1 FROM columns WHERE device IS NOT NULL'), undefined);
  index.close();
  const { logs } = await openRecords([folder], { folder: '/' });
  const opened = await openSearched(logs[0]!);
  const range = { from: 0, to: 256 };
  t.deepEqual([...findHits(opened.index!, { fields: { device: secret } }, range, 'oldest')], []);
  t.is([...findHits(opened.index!, { fields: { site: 'north' } }, range, 'oldest')].length, 1);
  opened.close();
});
