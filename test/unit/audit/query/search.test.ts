import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { followLog } from '../../../../src/audit/index/follow.ts';
import { countRecords } from '../../../../src/audit/query/count.ts';
import type { Filter } from '../../../../src/audit/query/filter.ts';
import { queryPage } from '../../../../src/audit/query/page.ts';
import { openSearched } from '../../../../src/audit/query/search.ts';
import type { Order } from '../../../../src/audit/sources/merge.ts';
import { openRecords } from '../../../../src/audit/sources/open-records.ts';
import { beginning, logIn, toldRecord, writeLog, type Told } from '../../../helpers/audit-log.ts';

async function indexed(folder: string): Promise<void> {
  const { logs } = await openRecords([folder], { folder: '/' });
  await followLog(folder, folder, logs[0]!.tree!, { maxBytes: null });
}

async function found(
  locations: readonly string[],
  filter: Filter,
  {
    useIndex = true,
    order = 'newest',
    limit = 10_000,
  }: { readonly useIndex?: boolean; readonly order?: Order; readonly limit?: number } = {},
): Promise<readonly string[]> {
  const { logs } = await openRecords(locations, { folder: '/' });
  const opened = await Promise.all(logs.map((log) => openSearched(log, useIndex)));
  const ids: string[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await queryPage(opened, { filter, order, limit, ...(cursor !== undefined && { cursor }) });
    ids.push(...page.entries.map(({ index }) => String(index)));
    if (page.next === null) break;
    cursor = page.next;
  }
  for (const one of opened) one.close();
  return ids;
}

const some: readonly Record<string, unknown>[] = Array.from({ length: 700 }, (_, number) =>
  toldRecord(number, {
    outcome: number % 5 === 0 ? 'deny' : 'allow',
    address: number % 3 === 0 ? '10.1.2.3' : `10.1.${number % 250}.9`,
    site: number % 2 === 0 ? 'north' : 'south',
    pep: number < 600 ? 'edge' : 'late',
  }),
);

const filters: readonly Filter[] = [
  { fields: {} },
  { fields: { device: 'meter-3' } },
  { fields: { device: 'meter-3', outcome: 'deny' } },
  { fields: { outcome: 'deny', site: 'north' }, since: beginning + 100_000, until: beginning + 300_000 },
  { fields: { network: '10.1.2.0/24' } },
  { fields: { network: '10.1.2.3' } },
  { fields: { network: '10.1.0.0/20' } },
  { fields: { pep: 'late' } },
  { fields: { reason: 'credential.expired' }, since: beginning + 650_000 },
  { fields: { decision: '019aa1c0-0000-7000-8000-000000000123' } },
  { fields: { site: 'nowhere' } },
];

test('by an index the same records are found as by looking through the log, in both orders and page by page', async (t) => {
  t.timeout(60_000);
  const folder = logIn(t, some);
  const scanned = new Map<string, readonly string[]>();
  for (const order of ['newest', 'oldest'] as const)
    for (const filter of filters)
      scanned.set(JSON.stringify([order, filter]), await found([folder], filter, { order }));
  await indexed(folder);
  for (const [key, expected] of scanned) {
    const [order, filter] = JSON.parse(key) as [Order, Filter];
    t.deepEqual(await found([folder], filter, { order }), expected, key);
    t.deepEqual(await found([folder], filter, { order, limit: 37 }), expected, `${key} in pages`);
  }
  t.is(scanned.get(JSON.stringify(['newest', filters[0]]))!.length, 700);
  t.deepEqual(scanned.get(JSON.stringify(['newest', filters[9]])), ['123']);
});

test('files of lines are found in as a log is', async (t) => {
  const folder = logIn(t, some);
  const file = join(folder, 'records.ndjson');
  writeFileSync(file, some.map((one) => `${JSON.stringify(one)}\n`).join(''));
  for (const order of ['newest', 'oldest'] as const)
    for (const filter of filters) {
      const expected = await found([folder], filter, { order });
      t.deepEqual(await found([file], filter, { order }), expected);
      t.deepEqual(await found([file], filter, { order, limit: 37 }), expected);
    }
});

test('any records and any filter give the same with an index and without', async (t) => {
  t.timeout(120_000);
  const told: fc.Arbitrary<Told> = fc.record({
    device: fc.constantFrom('a', 'b', 'c'),
    outcome: fc.constantFrom('allow' as const, 'deny' as const),
    site: fc.constantFrom('x', 'y'),
    reasons: fc.subarray(['policy.ok', 'credential.expired', 'hold.device'], { minLength: 1 }),
  });
  const filter = fc.record(
    {
      device: fc.constantFrom('a', 'b'),
      outcome: fc.constant('deny'),
      reason: fc.constantFrom('policy.ok', 'hold.device'),
      site: fc.constant('x'),
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(told, { minLength: 250, maxLength: 800, size: 'max' }),
      filter,
      async (records, fields) => {
        const folder = logIn(
          t,
          records.map((one, number) => toldRecord(number, one)),
        );
        const expected = await found([folder], { fields }, { useIndex: false });
        const counted = await counts(folder, { fields });
        await indexed(folder);
        t.deepEqual(await found([folder], { fields }), expected);
        t.deepEqual(await counts(folder, { fields }), counted);
      },
    ),
    { numRuns: 15 },
  );
});

async function counts(folder: string, filter: Filter) {
  const { logs } = await openRecords([folder], { folder: '/' });
  const opened = await openSearched(logs[0]!);
  const { rows, total } = await countRecords([opened], {
    ...{ filter, by: ['outcome', 'reason', 'device'], per: 60_000, decided: true },
  });
  opened.close();
  return { rows, total };
}

test('a page behind a cursor does not change by records that come later', async (t) => {
  const folder = logIn(t, some.slice(0, 300));
  const page = async (cursor?: string) => {
    const { logs } = await openRecords([folder], { folder: '/' });
    const opened = await openSearched(logs[0]!);
    return queryPage([opened], {
      filter: { fields: {} },
      order: 'newest',
      limit: 10,
      ...(cursor && { cursor }),
    });
  };
  const first = await page();
  const second = await page(first.next!);
  writeLog(folder, some);
  t.deepEqual(
    (await page(first.next!)).entries.map(({ index }) => index),
    second.entries.map(({ index }) => index),
  );
  t.is(second.entries[0]!.index, 289);
});

test('a cursor of another query is refused', async (t) => {
  const folder = logIn(t, some);
  const { logs } = await openRecords([folder], { folder: '/' });
  const opened = await openSearched(logs[0]!);
  const options = { order: 'newest' as const, limit: 10 };
  const { next } = await queryPage([opened], { ...options, filter: { fields: {} } });
  const other = { ...options, filter: { fields: { device: 'meter-1' } }, cursor: next! };
  await t.throwsAsync(queryPage([opened], other), { code: 'PDP_USAGE', message: /another query/ } as object);
});

test('records of several logs come merged by time, each with its origin', async (t) => {
  const [a, b] = [
    logIn(
      t,
      some.filter((_, n) => n % 2 === 0),
    ),
    logIn(
      t,
      some.filter((_, n) => n % 2 === 1),
    ),
  ];
  const source = await openRecords([a, b], { folder: '/' });
  const [times, origins] = [[] as number[], new Set<string>()];
  for await (const { time, origin } of source.records()) {
    times.push(time);
    origins.add(origin);
  }
  t.is(times.length, 700);
  t.deepEqual(
    times,
    times.toSorted((x, y) => x - y),
  );
  t.deepEqual([...origins].sort(), [a, b].sort());
});

test('an entry that is not the one of the tree is told, by an index and without', async (t) => {
  for (const withIndex of [true, false]) {
    const folder = logIn(t, some);
    if (withIndex) await indexed(folder);
    forge(t, join(folder, 'tile/entries/000'));
    await t.throwsAsync(found([folder], { fields: { device: 'meter-4' } }), {
      message: /entry 4 is not the one that the tree of the log has/,
    });
  }
});

/** Another site in the fifth entry, of the same length. */
function forge(t: ExecutionContext, path: string): void {
  const bytes = readFileSync(path);
  const at = bytes.indexOf('"site":"north"', bytes.indexOf('000000000004'));
  t.true(at > 0);
  bytes.write('"site":"n0rth"', at);
  writeFileSync(path, bytes);
}

test('an index of another log is not used', async (t) => {
  const [own, other] = [logIn(t, some), logIn(t, some.slice(0, 512).reverse())];
  await indexed(other);
  writeFileSync(join(own, 'index.db'), readFileSync(join(other, 'index.db')));
  const { logs } = await openRecords([own], { folder: '/' });
  t.is((await openSearched(logs[0]!)).index, undefined);
  t.deepEqual(
    await found([own], { fields: { device: 'meter-3' } }, { limit: 3 }),
    await found([own], { fields: { device: 'meter-3' } }),
  );
});

test('merged denials are counted by their groups, and found by each of them', async (t) => {
  const merged = {
    ...{ kind: 'merged', schema: 1, time: '2026-11-20T08:00:00.500Z', count: 12 },
    groups: [
      {
        tenant: 'default',
        pep: 'edge',
        door: 'native',
        network: '10.9.0.0/24',
        count: 7,
        reasons: { 'identity.no_credential': 5, 'chain.untrusted': 2 },
      },
      {
        tenant: 'default',
        pep: 'late',
        door: 'native',
        network: null,
        count: 5,
        reasons: { 'identity.no_credential': 5 },
      },
    ],
  };
  const folder = logIn(t, [merged, ...some]);
  const fields = { reason: 'identity.no_credential', pep: 'edge' };
  const ask = async () => {
    const { logs } = await openRecords([folder], { folder: '/' });
    const opened = await openSearched(logs[0]!);
    const { total } = await countRecords([opened], {
      filter: { fields },
      by: ['reason'],
      per: undefined,
      decided: true,
    });
    const all = await countRecords([opened], {
      filter: { fields: {} },
      by: ['kind'],
      per: undefined,
      decided: true,
    });
    const no = await found([folder], { fields: { reason: 'chain.untrusted', pep: 'late' } });
    return [total, all.total, all.rows.length, (await found([folder], { fields })).length, no.length];
  };
  t.deepEqual(await ask(), [5, 712, 2, 1, 0]);
  await indexed(folder);
  t.deepEqual(await ask(), [5, 712, 2, 1, 0]);
});
