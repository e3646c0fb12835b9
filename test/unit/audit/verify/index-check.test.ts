import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { followLog, LogFollower } from '../../../../src/audit/index/follow.ts';
import { countRecords } from '../../../../src/audit/query/count.ts';
import { queryPage } from '../../../../src/audit/query/page.ts';
import { openSearched } from '../../../../src/audit/query/search.ts';
import { openRecords } from '../../../../src/audit/sources/open-records.ts';
import type { TreeLog } from '../../../../src/audit/sources/types.ts';
import { folderPlace } from '../../../../src/audit/verify/place.ts';
import { verifyLog } from '../../../../src/audit/verify/verify-log.ts';
import type { VerifyOptions } from '../../../../src/audit/verify/verify-log.ts';
import { entriesOf, temporaryFolder, toldRecord } from '../../../helpers/audit-log.ts';
import { makeLog, writeFiles } from '../../../helpers/made-log.ts';
import type { MadeLog } from '../../../helpers/made-log.ts';

const records = (count: number) =>
  Array.from({ length: count }, (_, number) => ({
    ...toldRecord(number, {
      outcome: number % 5 === 0 ? 'deny' : 'allow',
      device: `meter-${number % 301}`,
      address: `10.${number % 7}.${number % 250}.9`,
    }),
    ...(number % 97 === 3 && { note: 'not of the\tusual form' }),
    trace_id: String(number).padStart(32, '0'),
  }));

const small = makeLog([...entriesOf(records(800))]);
const mergedDenials = {
  ...{ kind: 'merged', schema: 1, time: '2026-11-20T08:03:20.000Z', count: 3 },
  groups: [
    {
      tenant: 'default',
      door: 'native',
      pep: 'edge',
      network: '10.1.2.0/24',
      reasons: { 'a.b': 2, 'c.d': 1 },
    },
  ],
};
const odd = makeLog([
  ...entriesOf([...records(200), mergedDenials, 'no record', ...records(300).slice(200)]),
]);
const long = makeLog([...entriesOf(records(70 * 256 + 5))]);

const whole = { maxBytes: null };

function logIn(t: ExecutionContext, { files }: MadeLog): string {
  const folder = temporaryFolder(t);
  writeFiles(folder, files);
  return folder;
}

async function treeOf(folder: string): Promise<TreeLog> {
  return (await openRecords([folder], { folder: '/' })).logs[0]!.tree!;
}

async function indexed(t: ExecutionContext, log: MadeLog): Promise<string> {
  const folder = logIn(t, log);
  await followLog(folder, folder, await treeOf(folder), whole);
  return folder;
}

async function found(folder: string, log: MadeLog, options: Partial<VerifyOptions> = {}) {
  const place = folderPlace(folder, folder);
  const { report } = await verifyLog(place, { keys: [log.signer.verifier], ...options });
  return report.findings.map(({ code, entry }) => `${code} ${entry ?? ''}`.trim());
}

function doctor(folder: string, ...statements: readonly string[]): void {
  const index = new DatabaseSync(join(folder, 'index.db'));
  for (const one of statements) index.exec(one);
  index.close();
}

const doctored: Readonly<Record<string, readonly [finding: string, ...statements: readonly string[]]>> = {
  'terms that are gone': ['index.differs 0', "UPDATE buckets SET terms = x''"],
  'terms of one bucket exchanged': [
    'index.differs 0',
    'UPDATE buckets SET terms = (SELECT terms FROM buckets ORDER BY id LIMIT 1) WHERE id = (SELECT max(id) FROM buckets)',
  ],
  'a bucket that is gone': [
    'index.differs 0',
    'DELETE FROM buckets WHERE id = (SELECT max(id) FROM buckets)',
  ],
  'a key that terms were not made with': [
    'index.differs 0',
    "UPDATE meta SET value = '0011223344556677' WHERE key = 'key'",
  ],
  'a column of another field': ['index.differs 256', 'UPDATE columns SET outcome = kind WHERE tile = 1'],
  'a column without texts': ['index.differs 512', 'UPDATE columns SET site = NULL WHERE tile = 2'],
  'rows that count for more': ['index.differs 0', 'UPDATE columns SET rows = zeroblob(2560) WHERE tile = 0'],
  'times of rows': ['index.differs 256', 'UPDATE columns SET times = zeroblob(512) WHERE tile = 1'],
  'lengths of entries': ['index.differs 256', 'UPDATE columns SET lengths = zeroblob(512) WHERE tile = 1'],
  'the time at which a tile ends': ['index.differs 256', 'UPDATE tiles SET last_time = 0 WHERE tile = 1'],
  'the time at which a tile begins': [
    'index.differs 256',
    'UPDATE tiles SET first_time = 9e15 WHERE tile = 1',
  ],
  'how many entries are no records': ['index.differs 512', 'UPDATE tiles SET unread = 1 WHERE tile = 2'],
  'a tile that is not there': ['index.differs 256', 'DELETE FROM tiles WHERE tile = 1'],
  'columns that are not there': ['index.differs 512', 'DELETE FROM columns WHERE tile = 2'],
  'a tile too many': [
    'index.differs 768',
    'INSERT INTO tiles SELECT 3, first_time, last_time, unread FROM tiles WHERE tile = 1',
  ],
  'columns too many': [
    'index.differs 1792',
    'INSERT INTO columns SELECT 7, lengths, rows, times, kind, act, tenant, outcome, reason, class, owner, site, gateway, pep, door, assurance, issuer, firmware, bundle, network, device FROM columns WHERE tile = 1',
  ],
  'a run too many': ['index.differs 768', 'INSERT INTO runs VALUES (3, 4, 1)'],
  'a run that is cut short': ['index.differs 512', 'UPDATE runs SET next = 2'],
  'a run that begins later': ['index.differs 0', 'UPDATE runs SET first = 1'],
  'a run that is spread otherwise': ['index.differs 0', 'UPDATE runs SET buckets = buckets + 1'],
  'no runs': ['index.differs 0', 'DELETE FROM runs'],
  'tiles covered that the log has not yet': [
    'index.differs',
    "UPDATE meta SET value = '4' WHERE key = 'next'",
  ],
  'tiles covered that are not there': ['index.differs', "UPDATE meta SET value = 'x' WHERE key = 'next'"],
  'a spread over no buckets': ['index.differs 0', 'UPDATE runs SET buckets = 0'],
  'a spread that is no number': ['index.differs 0', "UPDATE runs SET buckets = 'x'"],
  'a key that is none': ['index.differs', "UPDATE meta SET value = 'zzzzzzzzzzzzzzzz' WHERE key = 'key'"],
  'lengths that are too few': ['index.differs 256', "UPDATE columns SET lengths = x'00' WHERE tile = 1"],
  'times that are too few': ['index.differs 256', "UPDATE columns SET times = x'000000' WHERE tile = 1"],
  'a column that says more than it has': [
    'index.differs 256',
    "UPDATE columns SET site = x'ffffffffffffff7f01' WHERE tile = 1",
  ],
  'a size that is none': ['index.differs', "UPDATE meta SET value = 'zz' WHERE key = 'size'"],
  'a view in place of a table': [
    'index.differs',
    'ALTER TABLE tiles RENAME TO others',
    'CREATE VIEW tiles AS SELECT * FROM others',
  ],
  'a trigger': ['index.differs', 'CREATE TRIGGER one AFTER INSERT ON runs BEGIN DELETE FROM runs; END'],
};

for (const [name, [finding, ...statements]] of Object.entries(doctored)) {
  test(`verification finds in an index that was doctored: ${name}`, async (t) => {
    const folder = await indexed(t, small);
    doctor(folder, ...statements);
    t.deepEqual(await found(folder, small), [finding]);
  });
}

const broken: readonly string[] = [
  'UPDATE runs SET buckets = 0',
  "UPDATE runs SET buckets = 'x'",
  'UPDATE runs SET buckets = 5000',
  "UPDATE meta SET value = 'zzzzzzzzzzzzzzzz' WHERE key = 'key'",
  "UPDATE meta SET value = '1e3' WHERE key = 'next'",
  "UPDATE columns SET lengths = x'00'",
  "UPDATE columns SET rows = x'0000'",
  "UPDATE columns SET times = x'000000'",
  'UPDATE columns SET times = NULL',
  "UPDATE columns SET site = x'ffffffffffffff7f01'",
  "UPDATE columns SET site = x'01ffffffffffffffff7f01'",
  "UPDATE columns SET site = x'0100ffffffffffffff7f01'",
  "UPDATE columns SET site = x'01000161ff'",
  'DROP TABLE runs',
];

for (const statement of broken)
  test(`who reads an index that is damaged is told so, with what to do: ${statement}`, async (t) => {
    const folder = await indexed(t, small);
    doctor(folder, statement);
    const { logs } = await openRecords([folder], { folder: '/' });
    const filter = { fields: { device: 'meter-7' } };
    const work = async (): Promise<void> => {
      const opened = await openSearched(logs[0]!);
      try {
        await queryPage([opened], { filter, order: 'newest', limit: 1000 });
        const options = { by: ['site'] as const, decided: true, per: 60_000 };
        await countRecords([opened], { ...options, filter: { fields: {} } });
        await countRecords([opened], { ...options, filter });
      } finally {
        opened.close();
      }
    };
    await t.throwsAsync(work(), {
      code: 'PDP_STORE_UNAVAILABLE',
      message: /index\.db is damaged: make it anew by audit reindex, or do without it by --no-index/,
    });
    const without = await openSearched(logs[0]!, false);
    t.is((await queryPage([without], { filter, order: 'newest', limit: 1000 })).entries.length, 3);
  });

test('an index whose key or span is damaged is made anew by whoever keeps it up', async (t) => {
  const folder = await indexed(t, small);
  for (const [key, value] of Object.entries({ key: 'zz', next: 'x', first: '-1' })) {
    doctor(folder, `UPDATE meta SET value = '${value}' WHERE key = '${key}'`);
    await followLog(folder, folder, await treeOf(folder), whole);
    t.deepEqual(await found(folder, small), [], key);
  }
});

test('what an index says of a record is told by the first entry of its tile, and how it is mended', async (t) => {
  const folder = await indexed(t, small);
  doctor(folder, 'UPDATE columns SET outcome = NULL WHERE tile = 1');
  const { report } = await verifyLog(folderPlace(folder, folder), { keys: [small.signer.verifier] });
  t.deepEqual(report.findings, [
    {
      code: 'index.differs',
      entry: 256,
      message:
        'index.db does not have entries 256 to 511 as the log does: `audit reindex` makes it anew from the log',
    },
  ]);
});

test('an index file whose pages disagree is told', async (t) => {
  const folder = await indexed(t, small);
  const path = join(folder, 'index.db');
  doctor(folder, 'PRAGMA wal_checkpoint(TRUNCATE)');
  const bytes = readFileSync(path);
  const pages = bytes.length / 4096;
  // The index of times says other than the table that it is of: SQLite asks the one or the other.
  let changed = 0;
  const db = new DatabaseSync(path);
  const { rootpage } = db
    .prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'tiles_by_last'")
    .get() as {
    rootpage: number;
  };
  db.close();
  const start = (rootpage - 1) * 4096;
  for (let at = start + 4000; at < start + 4096; at += 1) {
    if (bytes[at] === 0) continue;
    bytes[at] = (bytes[at] as number) ^ 1;
    changed += 1;
    break;
  }
  t.is(changed, 1, `${pages}`);
  writeFileSync(path, bytes);
  const findings = await found(folder, small);
  t.is(findings.length, 1);
  t.regex(String(findings), /^index\.differs/);
});

test('an index is sound to verification however its runs came about, and over merged denials and what is no record', async (t) => {
  const folder = await indexed(t, odd);
  t.deepEqual(await found(folder, odd), ['entry.unreadable 201']);
  const steps = logIn(t, long);
  const tree = await treeOf(steps);
  const follower = new LogFollower(steps, steps);
  for (const tiles of [1, 5, 40, 66, 67])
    await follower.follow({ ...tree, checkpoint: { ...tree.checkpoint, size: tiles * 256 } }, whole);
  t.deepEqual(await found(steps, long), []);
  await follower.follow(tree, whole);
  follower.close();
  t.deepEqual(await found(steps, long), []);
  const before = new DatabaseSync(join(steps, 'index.db'));
  t.deepEqual(
    before
      .prepare('SELECT first FROM runs ORDER BY first')
      .all()
      .map(({ first }) => first),
    [0, 64, 66, 67],
  );
  before.close();
  doctor(steps, "UPDATE buckets SET terms = x'' WHERE id / 4096 = 66");
  t.deepEqual(await found(steps, long), [`index.differs ${66 * 256}`]);
});

test('an index that lost its oldest tiles within a group is held against what it still covers', async (t) => {
  const folder = await indexed(t, long);
  const { bytes } = await followLog(folder, folder, await treeOf(folder), whole);
  const pruned = await followLog(folder, folder, await treeOf(folder), { maxBytes: Math.floor(bytes * 0.7) });
  t.true(pruned.first > 0 && pruned.first < 64 * 256 && pruned.first % (64 * 256) !== 0);
  t.deepEqual(await found(folder, long), []);
  doctor(folder, `UPDATE tiles SET last_time = 1 WHERE tile = ${pruned.first / 256}`);
  t.deepEqual(await found(folder, long), [`index.differs ${pruned.first}`]);
});

test('of an index only the part is held against the log that is read again', async (t) => {
  const folder = await indexed(t, long);
  doctor(
    folder,
    'UPDATE tiles SET last_time = 1 WHERE tile = 3',
    'UPDATE columns SET site = kind WHERE tile = 50',
  );
  t.deepEqual(await found(folder, long), [`index.differs ${3 * 256}`]);
  // Records are a second apart, and a minute may be out of order.
  const since = (tile: number) => ({ since: 1_795_161_600_000 + tile * 256_000 + 120_000 });
  t.deepEqual(await found(folder, long, since(10)), [`index.differs ${50 * 256}`]);
  t.deepEqual(await found(folder, long, since(60)), []);
});

test('a copy of a log without its index verifies as it is', async (t) => {
  const folder = await indexed(t, small);
  const copy = temporaryFolder(t);
  cpSync(folder, copy, { recursive: true });
  for (const ending of ['', '-wal', '-shm']) rmSync(join(copy, `index.db${ending}`), { force: true });
  t.deepEqual(await found(copy, small), []);
});
