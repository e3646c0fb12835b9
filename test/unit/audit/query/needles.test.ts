import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { followLog } from '../../../../src/audit/index/follow.ts';
import type { CountedField } from '../../../../src/audit/index/schema.ts';
import { countRecords } from '../../../../src/audit/query/count.ts';
import { fieldNames, valuesOf } from '../../../../src/audit/query/fields.ts';
import { createMatcher, lacks, needleOf } from '../../../../src/audit/query/filter.ts';
import type { Filter } from '../../../../src/audit/query/filter.ts';
import { queryPage } from '../../../../src/audit/query/page.ts';
import { partsOf } from '../../../../src/audit/query/parts.ts';
import { openSearched } from '../../../../src/audit/query/search.ts';
import { openRecords } from '../../../../src/audit/sources/open-records.ts';
import { readEntry } from '../../../../src/audit/sources/read-entry.ts';
import { formatInstant } from '../../../../src/lib/clock.ts';
import { beginning, entriesOf, logIn, toldRecord } from '../../../helpers/audit-log.ts';

const time = (number: number): string => formatInstant(beginning + number * 1000);

function merged(number: number, more: object = {}, group: object = {}) {
  const about = { tenant: 'default', pep: 'edge', door: 'native', network: '10.9.8.0/24', ...group };
  const groups = [
    { ...about, count: 5, reasons: { 'identity.no_credential': 4, 'chain.expired': 1 } },
    { ...about, pep: 'other', count: 2, reasons: { 'identity.no_credential': 2 } },
  ];
  return { kind: 'merged', schema: 1, time: time(number), count: 7, groups, ...more };
}

/** Acts' records, each with everything that records of its kind are found by. */
function act(number: number) {
  const about = { kind: 'act', act: 'change', tenant: 'default', time: time(number), schema: 1 };
  return { ...about, actor: 'eve', selector: 'meter-2', detail: { kind: 'hold.lift' } };
}

const kinds: Readonly<Record<string, object>> = {
  decision: { ...toldRecord(1, { outcome: 'deny' }), trace_id: 'ab'.repeat(16), request_id: 'r-1' },
  'decision of facts alone': {
    ...{ kind: 'decision', time: time(1), outcome: 'allow', reasons: ['policy.ok'], pep: 'edge' },
    facts: {
      attestation: { firmware_hash: 'f1' },
      connection: { claims: { firmware_hash: 'f2' }, request_id: 'r-2', source_ip: '2001:db8::7' },
      gateway: { id: 'gw-1' },
    },
  },
  merged: merged(1),
  act: act(1),
  heartbeat: { kind: 'heartbeat', site: 'north', time: time(1), next_s: 60 },
  shadow: { kind: 'shadow', time: time(1), outcome: 'allow', reason: 'policy.ok', tenant: 'default' },
  'text that has to be escaped': { ...toldRecord(1), device_id: 'a\u0001b', note: 'x"y\\z' },
};

for (const [kind, record] of Object.entries(kinds))
  test(`whatever a record (${kind}) is found by, it is not passed over for want of a text`, (t) => {
    const [bytes] = entriesOf([record]) as [Uint8Array];
    const entry = readEntry('', 0, bytes)!;
    let told = 0;
    for (const part of partsOf(entry.record)) {
      const known = fieldNames.flatMap((name) =>
        valuesOf(part.record, name).map((value) => [name, value] as const),
      );
      const some = fc.subarray(known, { minLength: 1 });
      fc.assert(
        fc.property(some, (wanted) => {
          const filter = { fields: Object.fromEntries(wanted) };
          if (!createMatcher(filter)(entry)) return;
          told += 1;
          const needle = needleOf(filter);
          t.false(needle !== undefined && lacks(bytes, needle), JSON.stringify(filter));
        }),
        { numRuns: 60 },
      );
    }
    t.true(told > 10);
  });

async function found(location: string, filter: Filter, useIndex = false): Promise<readonly number[]> {
  const { logs } = await openRecords([location], { folder: '/' });
  const opened = await openSearched(logs[0]!, useIndex);
  const page = await queryPage([opened], { filter, order: 'oldest', limit: 1000 });
  opened.close();
  return page.entries.map(({ index }) => index);
}

test('denials that were merged are found by their outcome in logs without an index, and in lines', async (t) => {
  const records = Array.from({ length: 300 }, (_, n) => (n % 100 === 7 ? merged(n) : toldRecord(n)));
  const folder = logIn(t, records);
  const file = join(folder, 'records.ndjson');
  writeFileSync(file, records.map((one) => `${JSON.stringify(one)}\n`).join(''));
  for (const place of [folder, file])
    t.deepEqual(await found(place, { fields: { outcome: 'deny' } }), [7, 107, 207]);
  t.is((await counted(folder, { fields: { outcome: 'deny' } }, ['reason'])).total, 21);
});

test('a text that was signed with a needless escape is found as any other, with an index and without', async (t) => {
  const [hidden] = entriesOf([toldRecord(10, { device: 'stolen-1' })]).map((one) =>
    Buffer.from(one).toString().replace('"stolen-1"', '"\\u0073tolen-1"'),
  ) as [string];
  const [lifted] = entriesOf([{ ...act(1), selector: 'stolen-1' }]).map((one) =>
    Buffer.from(one)
      .toString()
      .replace('"kind":"act"', '"kind":"\\u0061ct"')
      .replace('"act":', '"\\u0061ct":'),
  ) as [string];
  const records = Array.from({ length: 600 }, (_, n) =>
    n === 10 ? hidden : n === 590 ? lifted : toldRecord(n),
  );
  const folder = logIn(t, records);
  const file = join(folder, 'records.ndjson');
  writeFileSync(
    file,
    records.map((one) => `${typeof one === 'string' ? one : JSON.stringify(one)}\n`).join(''),
  );
  const filters: readonly (readonly [Filter, readonly number[]])[] = [
    [{ fields: { device: 'stolen-1' } }, [10, 590]],
    [{ fields: { kind: 'act' }, until: beginning + 60_000 }, [590]],
  ];
  for (const [filter, expected] of filters)
    for (const place of [folder, file])
      t.deepEqual(await found(place, filter), expected, JSON.stringify(filter));
  await indexed(folder);
  for (const [filter, expected] of filters) t.deepEqual(await found(folder, filter, true), expected);
});

async function indexed(folder: string): Promise<void> {
  const { logs } = await openRecords([folder], { folder: '/' });
  await followLog(folder, folder, logs[0]!.tree!, { maxBytes: null });
}

async function counted(folder: string, filter: Filter, by: readonly CountedField[], per?: number) {
  const { logs } = await openRecords([folder], { folder: '/' });
  const opened = await openSearched(logs[0]!);
  const damaged: number[] = [];
  const onDamaged = (index: number): void => void damaged.push(index);
  const result = await countRecords([opened], { filter, by, decided: true, per, onDamaged });
  opened.close();
  return { rows: result.rows, total: result.total, damaged: damaged.toSorted((a, b) => a - b) };
}

const long = 'p'.repeat(300);

test('counts by an index are those of the records, whatever these have', async (t) => {
  const records = Array.from({ length: 560 }, (_, n) => {
    if (n < 10) return { ...toldRecord(n), time: `1969-12-31T23:59:${10 + n}.000Z` };
    if (n % 50 === 11) return merged(n, { site: 'harbour', request_id: 'r-7' });
    if (n % 50 === 12) return merged(n, {}, { pep: long, tenant: long });
    if (n % 50 === 13) return merged(n, {}, { network: '10.9.8.7', site: 'quay' });
    if (n % 50 === 14) return { ...merged(n), groups: { none: true } };
    return toldRecord(n, { device: n % 2 ? long : 'm', pep: n % 3 ? long : 'edge', site: 'harbour' });
  });
  const folder = logIn(t, records);
  const filters: readonly Filter[] = [
    ...[{}, { pep: long }, { tenant: long }, { device: long }, { site: 'harbour' }, { site: 'quay' }],
    ...[{ request: 'r-7' }, { network: '10.9.8.7' }, { network: '10.9.8.0/24' }, { outcome: 'deny' }],
    { site: 'harbour', pep: 'other' },
    { site: 'harbour', reason: 'chain.expired' },
  ].map((fields) => ({ fields }));
  const asked = filters.flatMap((filter) => [filter, { ...filter, until: beginning + 200_000 }]);
  const ask = (filter: Filter) => counted(folder, filter, ['outcome', 'pep'], 3_600_000);
  const expected = [];
  for (const filter of asked) expected.push(await ask(filter));
  await indexed(folder);
  for (const [place, filter] of asked.entries())
    t.deepEqual(await ask(filter), expected[place], JSON.stringify(filter).slice(0, 80));
  t.is(expected[0]!.rows[0]!.from, -3_600_000);
  t.is(expected[0]!.damaged.length, 11);
});
