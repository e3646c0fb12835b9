import test from 'ava';
import fc from 'fast-check';
import { afterFailure, afterSuccess, furthestNext } from '../../../../src/server/sources/schedule.ts';

const now = Date.UTC(2026, 5, 1, 12);
const minute = 60_000;
const hour = 60 * minute;
const hourly = { interval: hour, jitter: 0.1 };
const chance = fc.double({ min: 0, max: 0.999, noNaN: true });

test('after a success the next time is strewn about the interval', (t) => {
  t.is(afterSuccess(hourly, now, undefined, 0), now + 54 * minute);
  t.is(afterSuccess(hourly, now, undefined, 0.5), now + hour);
});

test('what ends by its own word is asked for again at half of that time at the latest', (t) => {
  t.is(afterSuccess(hourly, now, now + hour, 0), now + hour / 2);
  t.is(afterSuccess(hourly, now, now + 24 * hour, 0.5), now + hour, 'the interval is sooner');
  fc.assert(
    fc.property(chance, fc.integer({ min: 10 * minute, max: 100 * hour }), (random, life) => {
      t.true(afterSuccess(hourly, now, now + life, random) <= now + life / 2);
    }),
  );
});

test('what has ended already is asked for each minute, not in a loop', (t) => {
  t.is(afterSuccess(hourly, now, now - hour, 0), now + minute);
  t.is(afterSuccess({ ...hourly, interval: 5000 }, now, now - hour, 0), now + 4500);
});

test('pauses after failures double up to their limit, half of each by chance', (t) => {
  const pauses = [1, 2, 3, 4, 20, 1000].map(
    (failures) => afterFailure(hourly, now, failures, undefined, 0) - now,
  );
  t.deepEqual(pauses, [2500, 5000, 10_000, 20_000, 7.5 * minute, 7.5 * minute]);
  fc.assert(
    fc.property(chance, fc.integer({ min: 1, max: 1000 }), (random, failures) => {
      const pause = afterFailure(hourly, now, failures, undefined, random) - now;
      t.true(pause >= 2500 && pause <= 15 * minute);
    }),
  );
});

test('a server that asks for a longer pause gets it, up to an hour', (t) => {
  t.is(afterFailure(hourly, now, 1, 20 * minute, 0), now + 20 * minute);
  t.is(afterFailure(hourly, now, 1, 1000 * hour, 0), now + hour);
  t.is(afterFailure(hourly, now, 1, 1, 0), now + 2500, 'a shorter one does not make us hurry');
});

test('no time that is noted lies further ahead than any that is made', (t) => {
  fc.assert(
    fc.property(chance, fc.integer({ min: 1000, max: 30 * 24 * hour }), (random, interval) => {
      const pace = { interval, jitter: 0.1 };
      t.true(afterSuccess(pace, now, undefined, random) <= furthestNext(pace, now));
      t.true(afterFailure(pace, now, 99, Infinity, random) <= furthestNext(pace, now));
    }),
  );
});
