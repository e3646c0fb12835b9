import test from 'ava';
import { createTrustedClock, earliestPossible } from '../../../src/lib/trusted-time.ts';
import { fakeClock } from '../../helpers/fake-clock.ts';

const minute = 60_000;
const start = Date.UTC(2026, 5, 1, 12);

test('a clock that goes on evenly is the time', (t) => {
  const real = fakeClock(start);
  const clock = createTrustedClock(real, { kept: start, confirmed: start }, () => 5 * minute);
  real.advance(90 * minute);
  t.is(clock.standing(), null);
  t.is(clock.now(), start + 90 * minute);
});

test('a clock that went back beyond the tolerance is not trusted, and the time goes on by the monotonic clock', (t) => {
  const real = fakeClock(start);
  const clock = createTrustedClock(real, { kept: start, confirmed: start - minute }, () => 5 * minute);
  real.advance(60 * minute);
  real.set(start);
  t.deepEqual(clock.standing(), {
    system: start,
    kept: start + 60 * minute,
    confirmed: start - minute,
  });
  real.advance(minute);
  t.is(clock.now(), start + 61 * minute);
});

test('the tolerance itself is still within it', (t) => {
  const real = fakeClock(start - 5 * minute);
  const clock = createTrustedClock(real, { kept: start, confirmed: start }, () => 5 * minute);
  t.is(clock.standing(), null);
  t.is(clock.now(), start - 5 * minute);
  real.set(start - 5 * minute - 1);
  t.is(clock.standing()?.system, start - 5 * minute - 1);
});

test('a machine that boots in 1970 and knows nothing else is behind the writing of this program', (t) => {
  const clock = createTrustedClock(
    fakeClock(0),
    { kept: earliestPossible, confirmed: earliestPossible },
    () => 5 * minute,
  );
  t.is(clock.now(), earliestPossible);
});

test('a clock that is ahead is the time, and comes back without harm', (t) => {
  const real = fakeClock(start);
  const clock = createTrustedClock(real, { kept: start, confirmed: start }, () => 5 * minute);
  real.set(Date.UTC(2080, 0, 1));
  t.is(clock.now(), Date.UTC(2080, 0, 1));
  real.set(start);
  t.is(clock.standing(), null);
});
