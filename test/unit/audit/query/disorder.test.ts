import test from 'ava';
import fc from 'fast-check';
import { followLog } from '../../../../src/audit/index/follow.ts';
import { countRecords } from '../../../../src/audit/query/count.ts';
import { createMatcher } from '../../../../src/audit/query/filter.ts';
import type { Filter } from '../../../../src/audit/query/filter.ts';
import { queryPage } from '../../../../src/audit/query/page.ts';
import { openSearched } from '../../../../src/audit/query/search.ts';
import { readEntry } from '../../../../src/audit/sources/read-entry.ts';
import type { Order } from '../../../../src/audit/sources/merge.ts';
import { openRecords } from '../../../../src/audit/sources/open-records.ts';
import { formatInstant } from '../../../../src/lib/clock.ts';
import { beginning, entriesOf, logIn, toldRecord } from '../../../helpers/audit-log.ts';

interface Asked {
  readonly useIndex: boolean;
  readonly order?: Order;
  readonly limit?: number;
}

/** Indices of what is found, and of what is no record, page by page. */
async function asked(folder: string, filter: Filter, { useIndex, order = 'oldest', limit = 10_000 }: Asked) {
  const { logs } = await openRecords([folder], { folder: '/' });
  const searched = await openSearched(logs[0]!, useIndex);
  const [found, damaged] = [[] as number[], [] as number[]];
  for (let cursor: string | undefined; ;) {
    const options = { filter, order, limit, ...(cursor !== undefined && { cursor }) };
    const page = await queryPage([searched], { ...options, onDamaged: (index) => damaged.push(index) });
    found.push(...page.entries.map(({ index }) => index));
    if (page.next === null) break;
    cursor = page.next;
  }
  searched.close();
  return { found, damaged: damaged.sort((a, b) => a - b) };
}

async function counted(folder: string, filter: Filter, useIndex: boolean, decided: boolean) {
  const { logs } = await openRecords([folder], { folder: '/' });
  const searched = await openSearched(logs[0]!, useIndex);
  const damaged: number[] = [];
  const { rows, total } = await countRecords([searched], {
    ...{ filter, by: ['kind', 'outcome', 'act'], per: 3_600_000, decided },
    onDamaged: (index) => damaged.push(index),
  });
  searched.close();
  return { rows, total, damaged: damaged.sort((a, b) => a - b) };
}

async function indexed(folder: string): Promise<void> {
  const { logs } = await openRecords([folder], { folder: '/' });
  await followLog(folder, folder, logs[0]!.tree!, { maxBytes: null });
}

function actAt(at: number, name: string, tenant: string | null = null): object {
  return { kind: 'act', schema: 1, act: name, time: formatInstant(at), tenant, selector: 'meter-1' };
}

function heartbeatAt(at: number): object {
  return { kind: 'heartbeat', schema: 1, time: formatInstant(at), next_s: 60 };
}

const minute = 60_000;

/** So many records of one kind, one behind the other; `back`: how long before its place an act took effect (ms). */
interface Run {
  readonly what: 'decision' | 'change' | 'heartbeat' | 'start';
  readonly count: number;
  readonly stepMs: number;
  readonly back: number;
  /** Whether an act that took effect long before stands at the begin of each bundle. */
  readonly begins: boolean;
}

const runs: fc.Arbitrary<readonly Run[]> = fc.array(
  fc.record({
    what: fc.constantFrom('decision' as const, 'decision', 'change', 'heartbeat', 'start'),
    count: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 200, max: 700 })),
    stepMs: fc.constantFrom(0, 20, 1000, 90 * minute),
    back: fc.constantFrom(0, 30 * minute, 26 * 60 * minute, 400 * 24 * 60 * minute),
    begins: fc.boolean(),
  }),
  { minLength: 3, maxLength: 7 },
);

function recordsOf(told: readonly Run[]): object[] {
  let at = beginning;
  return told
    .flatMap((run) => Array.from({ length: run.count }, (_, place) => ({ ...run, place })))
    .map(({ what, stepMs, back, begins, place }, number) => {
      at += stepMs;
      if (begins && number % 256 === 0) return actAt(at - 10 * 24 * 60 * minute, 'change');
      // What was decided at once ends in any order.
      const late = at - (place % 3) * 9000;
      if (what === 'change') return actAt(at - (place % 2 === 0 ? back : 0), 'change');
      if (what === 'heartbeat') return heartbeatAt(at);
      if (what === 'start') return actAt(at, 'start');
      return toldRecord(number, { at: late, outcome: number % 4 === 0 ? 'deny' : 'allow' });
    });
}

test('of acts that took effect at any time before they were written nothing is lost, with an index and without', async (t) => {
  t.timeout(240_000);
  const fields = fc.record(
    {
      kind: fc.constantFrom('act', 'decision', 'heartbeat'),
      outcome: fc.constant('deny'),
      device: fc.constant('meter-1'),
    },
    { requiredKeys: [] },
  );
  const span = fc.record({
    from: fc.option(fc.double({ min: 0, max: 0.999, noNaN: true }), { nil: undefined }),
    length: fc.option(fc.constantFrom(1, minute, 45 * minute, 30 * 60 * minute), { nil: undefined }),
  });
  await fc.assert(
    fc.asyncProperty(
      runs,
      fc.array(fc.tuple(fields, span), { minLength: 8, maxLength: 8 }),
      async (told, questions) => {
        const records = recordsOf(told);
        const folder = logIn(t, records);
        const entries = entriesOf(records).map((bytes, index) => readEntry('', index, bytes)!);
        const timeAt = (share: number) => entries[Math.floor(share * entries.length)]!.time;
        const filters = questions.map(([wanted, { from, length }]): Filter => {
          const since = from === undefined ? undefined : timeAt(from);
          const until = length === undefined ? undefined : (since ?? timeAt(0.5)) + length;
          const bounds = { ...(since !== undefined && { since }), ...(until !== undefined && { until }) };
          return { fields: wanted, ...bounds };
        });
        const check = async (useIndex: boolean): Promise<object[]> => {
          const counts: object[] = [];
          for (const filter of filters) {
            const expected = entries.filter(createMatcher(filter)).map(({ index }) => index);
            const { found } = await asked(folder, filter, { useIndex });
            t.deepEqual(found, expected, JSON.stringify({ filter, useIndex }));
            const newest = await asked(folder, filter, { useIndex, order: 'newest', limit: 150 });
            t.deepEqual(newest.found, expected.toReversed());
            const all = await counted(folder, filter, useIndex, false);
            t.is(all.total, expected.length);
            counts.push(all, await counted(folder, filter, useIndex, true));
          }
          return counts;
        };
        const scanned = await check(false);
        await indexed(folder);
        t.deepEqual(await check(true), scanned);
      },
    ),
    { numRuns: 20 },
  );
});

test('an act at the begin of a bundle that took effect before does not hide the decisions around it', async (t) => {
  const records: object[] = Array.from({ length: 2048 }, (_, number) => toldRecord(number));
  records[1024] = actAt(beginning + 5 * minute, 'change');
  const folder = logIn(t, records);
  const filter = { since: beginning + 15 * minute, until: beginning + 20 * minute, fields: {} };
  t.is((await asked(folder, filter, { useIndex: false })).found.length, 299);
  t.is((await counted(folder, filter, false, true)).total, 299);
  const acts = {
    ...filter,
    since: beginning + 4 * minute,
    until: beginning + 6 * minute,
    fields: { kind: 'act' },
  };
  t.deepEqual((await asked(folder, acts, { useIndex: false })).found, [1024]);
});

test('what is no record is told the same with an index and without, and by all pages together once', async (t) => {
  const records: (object | string)[] = Array.from({ length: 1100 }, (_, number) => toldRecord(number));
  for (const place of [3, 255, 256, 700, 701, 1090]) records[place] = 'meter-3 or alone is no JSON';
  records[1] = toldRecord(1, { device: 'alone' });
  records[900] = '{"kind":"merged","time":"2026-11-20T08:15:00.000Z","groups":[1]}';
  const folder = logIn(t, records);
  const questions: readonly (readonly [Filter, readonly number[]])[] = [
    [{ fields: {} }, [3, 255, 256, 700, 701, 1090]],
    [{ fields: { device: 'meter-3' } }, [3, 255, 256, 700, 701, 1090]],
    [{ fields: { device: 'alone' } }, [3, 255, 256, 700, 701, 1090]],
    // They have nothing of what is looked for.
    [{ fields: { device: 'meter-4' } }, []],
    [{ fields: {}, since: beginning + 300_000, until: beginning + 1_000_000 }, [700, 701]],
    [{ fields: {}, until: beginning + 255_000 }, [3, 255]],
  ];
  const check = async (useIndex: boolean) => {
    for (const [filter, expected] of questions) {
      for (const order of ['newest', 'oldest'] as const)
        for (const limit of [10_000, 60]) {
          const { damaged } = await asked(folder, filter, { useIndex, order, limit });
          t.deepEqual(damaged, expected, JSON.stringify({ filter, useIndex, order, limit }));
        }
      t.deepEqual((await counted(folder, filter, useIndex, true)).damaged, expected);
    }
    // A record that stands for nothing that can be counted is a record.
    t.deepEqual((await asked(folder, { fields: { kind: 'merged' } }, { useIndex })).found, [900]);
  };
  await check(false);
  await indexed(folder);
  await check(true);
});

test('a page tells of what is no record as far as it goes', async (t) => {
  const records: (object | string)[] = Array.from({ length: 600 }, (_, number) => toldRecord(number));
  records[10] = records[590] = 'no JSON';
  const folder = logIn(t, records);
  const check = async (useIndex: boolean) => {
    const { logs } = await openRecords([folder], { folder: '/' });
    const searched = await openSearched(logs[0]!, useIndex);
    const damaged: number[] = [];
    const onDamaged = (index: number): void => void damaged.push(index);
    await queryPage([searched], { filter: { fields: {} }, order: 'newest', limit: 50, onDamaged });
    searched.close();
    return damaged;
  };
  t.deepEqual(await check(false), [590]);
  await indexed(folder);
  t.deepEqual(await check(true), [590]);
});

test('a page behind a cursor is of the times that were meant when the first one was asked for', async (t) => {
  const records = Array.from({ length: 300 }, (_, number) => toldRecord(number));
  const { logs } = await openRecords([logIn(t, records)], { folder: '/' });
  const searched = await openSearched(logs[0]!);
  const [since, until] = [beginning + 100_000, beginning + 200_000];
  const ask = (later: number, ago: Filter['ago'], cursor?: string) =>
    queryPage([searched], {
      filter: { since: since + later, until: until + later, ...(ago && { ago }), fields: {} },
      ...{ order: 'newest', limit: 60, ...(cursor !== undefined && { cursor }) },
    });
  const ago = { since: 200_000, until: 100_000 };
  const first = await ask(0, ago);
  const second = await ask(30_000, ago, first.next!);
  t.deepEqual(
    [...first.entries, ...second.entries].map(({ index }) => index),
    Array.from({ length: 100 }, (_, place) => 199 - place),
  );
  const refused = { code: 'PDP_USAGE', message: /another query/ } as object;
  await t.throwsAsync(ask(0, { ...ago, since: 300_000 }, first.next!), refused);
  await t.throwsAsync(ask(0, undefined, first.next!), refused);
  const { next } = await ask(0, undefined);
  await t.throwsAsync(ask(30_000, undefined, next!), refused, 'an instant is the same one or another');
});
