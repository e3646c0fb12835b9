import test from 'ava';
import fc from 'fast-check';
import { formatInstant, parseInstant } from '../../../src/lib/clock.ts';

const latest = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
const instants = fc.oneof(
  fc.integer({ min: -8_640_000_000, max: 8_640_000_000 }),
  fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2020, 0, 1) + 500 }),
  fc.integer({ min: 0, max: latest }),
);

test('an instant is written as its own, whatever was written before it', (t) => {
  const sequence = fc.array(instants, { maxLength: 200 });
  fc.assert(
    fc.property(sequence, (several) =>
      several.every(
        (at) => formatInstant(at) === new Date(at).toISOString() && parseInstant(formatInstant(at)) === at,
      ),
    ),
  );
  t.pass();
});

test('what lies past the year 9999 is written as its end, parts of a millisecond are left out, and what is none throws', (t) => {
  for (const at of [latest, latest + 1, latest + 61, Infinity]) {
    t.is(formatInstant(at), '9999-12-31T23:59:59.999Z');
  }
  t.is(formatInstant(0.5), '1970-01-01T00:00:00.000Z');
  t.is(formatInstant(-0), '1970-01-01T00:00:00.000Z');
  t.throws(() => formatInstant(Number.NaN), { instanceOf: RangeError });
});
