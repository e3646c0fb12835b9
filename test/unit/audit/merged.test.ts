import test from 'ava';
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { mostRecordBytes } from '../../../src/audit/cut.ts';
import { buildHeartbeat } from '../../../src/audit/heartbeat.ts';
import { MergedGroups, mergedLines } from '../../../src/audit/merged.ts';
import type { MergedGroup, MergedRecord } from '../../../src/audit/merged.ts';
import { recordBytes } from '../../../src/audit/record.ts';

const writer = { program: 'portreeve test', instance: 'i', mode: 'strict' } as const;

function validator(name: string) {
  const path = new URL(`../../../src/audit/${name}.schema.json`, import.meta.url);
  return new Ajv2020({ strict: true, allowUnionTypes: true }).compile(
    JSON.parse(readFileSync(path, 'utf8')) as object,
  );
}

const group = (more: Partial<MergedGroup> = {}): MergedGroup => ({
  ...{ tenant: 'default', pep: 'envoy', door: 'native', network: '203.0.113.0/24', count: 1 },
  ...{ first: '2026-11-22T10:00:00.000Z', last: '2026-11-22T10:00:00.000Z' },
  reasons: { 'identity.no_credential': 1 },
  ...more,
});

const records = (groups: readonly MergedGroup[]): readonly MergedRecord[] =>
  mergedLines(writer, 0, groups).map((line) => JSON.parse(line) as MergedRecord);

test('groups of the same enforcement point, door and network are one, with the times of first and last', (t) => {
  const groups = new MergedGroups();
  groups.add(group({ last: '2026-11-22T10:00:00.300Z' }));
  groups.add(group({ first: '2026-11-22T09:59:59.900Z', reasons: { 'chain.untrusted': 1 } }));
  groups.add(group({ door: 'ext_authz_http' }));
  const [one, other, ...rest] = groups.take();
  t.deepEqual(rest, []);
  t.like(one, { count: 2, first: '2026-11-22T09:59:59.900Z', last: '2026-11-22T10:00:00.300Z' });
  t.deepEqual(one?.reasons, { 'identity.no_credential': 1, 'chain.untrusted': 1 });
  t.is(other?.door, 'ext_authz_http');
  t.deepEqual(groups.take(), []);
});

test('networks beyond those that are told apart count as others, and none is lost', (t) => {
  const groups = new MergedGroups(2);
  for (let index = 0; index < 50; index += 1) groups.add(group({ network: `10.0.${index}.0/24` }));
  const taken = groups.take();
  t.deepEqual(
    taken.map(({ network, count }) => [network, count]),
    [
      ['10.0.0.0/24', 1],
      ['10.0.1.0/24', 1],
      ['other', 48],
    ],
  );
});

test('a merged record is what its schema says, and so is a heartbeat', (t) => {
  const [merged] = records([group(), group({ network: null })]);
  const validMerged = validator('merged');
  t.true(validMerged(merged), JSON.stringify(validMerged.errors));
  t.like(merged, { kind: 'merged', count: 2, audit_mode: 'strict' });
  const beat = buildHeartbeat(
    writer,
    { now: 60_000, since: 0, next: 60_000, site: null },
    { decisions: { allow: 1, deny: 2, let_pass: 3 }, records: { written: 4, lost: 5 }, merged: 6 },
  );
  const validBeat = validator('heartbeat');
  t.true(validBeat(JSON.parse(recordBytes(beat))), JSON.stringify(validBeat.errors));
  t.like(beat, { since: '1970-01-01T00:00:00.000Z', time: '1970-01-01T00:01:00.000Z', next_s: 60 });
});

test('however many groups and reasons there are, counts add up and no record is too long', (t) => {
  const many = fc.array(fc.record({ pep: fc.nat(999), codes: fc.integer({ min: 1, max: 3000 }) }), {
    minLength: 1,
    maxLength: 30,
  });
  fc.assert(
    fc.property(many, (ones) => {
      const groups = ones.map(({ pep, codes }) =>
        group({
          pep: `pep-${pep}`,
          count: codes,
          reasons: Object.fromEntries(
            Array.from({ length: codes }, (_, n) => [`custom.${'x'.repeat(40)}_${n}`, 1]),
          ),
        }),
      );
      const lines = mergedLines(writer, 0, groups);
      const all = lines.map((line) => JSON.parse(line) as MergedRecord);
      const sum = all.reduce((total, { count }) => total + count, 0);
      const inGroups = all.flatMap((one) => one.groups).flatMap((one) => Object.values(one.reasons));
      return (
        lines.every((line) => Buffer.byteLength(line) <= mostRecordBytes) &&
        sum === ones.reduce((total, { codes }) => total + codes, 0) &&
        inGroups.length === sum
      );
    }),
    { numRuns: 15 },
  );
  t.pass();
});
