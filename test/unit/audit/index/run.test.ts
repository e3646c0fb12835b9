import test from 'ava';
import fc from 'fast-check';
import { groupEntries } from '../../../../src/audit/index/groups.ts';
import { RunBuilder } from '../../../../src/audit/index/run-builder.ts';
import type { BuiltRun } from '../../../../src/audit/index/run-builder.ts';
import { positionsOf } from '../../../../src/audit/index/run.ts';
import { termFrom } from '../../../../src/audit/index/term.ts';

const position = fc.nat(groupEntries - 1);
const lists = fc.oneof(
  fc.uniqueArray(position, { minLength: 1, maxLength: 40 }),
  fc.tuple(position, fc.nat(3000)).map(([from, count]) => range(from, from + count + 1, 1)),
  fc
    .tuple(fc.nat(200), fc.integer({ min: 2, max: 9 }))
    .map(([from, step]) => range(from, groupEntries, step)),
  fc.constant(range(0, groupEntries, 1)),
);
const half = fc.oneof(
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  fc.constantFrom(0, -1, 1, -(2 ** 31)),
);
const value = fc.record({ first: half, second: half, list: lists, rare: fc.boolean() });

function range(from: number, to: number, step: number): number[] {
  const found: number[] = [];
  for (let at = from; at < Math.min(to, groupEntries); at += step) found.push(at);
  return found;
}

interface Value {
  readonly first: number;
  readonly second: number;
  readonly list: readonly number[];
  readonly rare: boolean;
}

/** Notes values as they come in a log: by their positions. */
function noteAll(builder: RunBuilder, values: readonly Value[], within: (at: number) => boolean): void {
  const at = new Map<number, Value[]>();
  for (const one of values)
    for (const place of one.list) if (within(place)) at.set(place, [...(at.get(place) ?? []), one]);
  for (const place of [...at.keys()].sort((a, b) => a - b))
    for (const { first, second, rare } of at.get(place) ?? [])
      builder.note(rare ? builder.rareValueOf(first, second) : builder.valueOf(first, second), place);
}

function expected(values: readonly Value[]): Map<number, number[]> {
  const found = new Map<number, Set<number>>();
  for (const { first, second, list } of values) {
    const term = termFrom(first, second);
    found.set(term, new Set([...(found.get(term) ?? []), ...list]));
  }
  return new Map([...found].map(([term, places]) => [term, [...places].sort((a, b) => a - b)]));
}

function lookUp({ spread, buckets }: BuiltRun, term: number): number[] | undefined {
  const bucket = Math.floor(term / spread.span);
  const bytes = buckets.find(([place]) => place === bucket)?.[1];
  const found = bytes && positionsOf(bytes, spread, term - bucket * spread.span);
  return found && [...found];
}

test('every term of a run is found with all its positions, and no other', (t) => {
  t.timeout(120_000);
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 12 }), half, half, (values, first, second) => {
      const builder = new RunBuilder();
      noteAll(builder, values, () => true);
      const run = builder.finish();
      const wanted = expected(values);
      for (const [term, places] of wanted) t.deepEqual(lookUp(run, term), places);
      if (!wanted.has(termFrom(first, second))) t.is(lookUp(run, termFrom(first, second)), undefined);
    }),
    { numRuns: 25 },
  );
});

test('runs that are put together are the one run of all their entries', (t) => {
  t.timeout(120_000);
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 8 }), position, (values, cut) => {
      const builder = new RunBuilder();
      noteAll(builder, values, (at) => at < cut);
      const early = builder.finish();
      for (const [bucket, bytes] of early.buckets) builder.addBucket(bytes, early.spread, bucket);
      noteAll(builder, values, (at) => at >= cut);
      const run = builder.finish();
      for (const [term, places] of expected(values)) t.deepEqual(lookUp(run, term), places);
    }),
    { numRuns: 25 },
  );
});

test('many values are spread over buckets of some hundred bytes', (t) => {
  const builder = new RunBuilder();
  const hash = (number: number): number => Math.imul(number + 1, 0x9e3779b1) ^ (number << 7);
  for (let at = 0; at < groupEntries; at += 1)
    for (let one = 0; one < 4; one += 1) builder.note(builder.valueOf(hash(4 * at + one), at), at);
  const { buckets, spread } = builder.finish();
  t.true(spread.buckets > 500);
  t.true(Math.max(...buckets.map(([, bytes]) => bytes.byteLength)) < 2000);
  t.is(
    buckets.reduce((sum, [, bytes]) => sum + bytes.byteLength, 0),
    4 * groupEntries * (spread.width + 2),
  );
});
