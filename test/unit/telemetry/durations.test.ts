import test from 'ava';
import { addDuration, mergeDurations, noDurations } from '../../../src/telemetry/durations.ts';

test('a duration counts in the first bucket whose bound it does not pass, and beyond all in none', (t) => {
  const durations = noDurations();
  for (const us of [0, 250, 250.5, 500, 150_000, 150_001]) addDuration(durations, us);
  t.deepEqual(durations, {
    counts: [2, 2, 0, 0, 0, 0, 0, 0, 0, 1, 1],
    count: 6,
    sum: 301_001.5,
    min: 0,
    max: 150_001,
  });
});

test('durations of two workers are those of one that took all', (t) => {
  const [one, other, both] = [noDurations(), noDurations(), noDurations()];
  for (const us of [10, 300]) addDuration(one, us);
  for (const us of [5, 200_000]) addDuration(other, us);
  for (const us of [10, 300, 5, 200_000]) addDuration(both, us);
  mergeDurations(one, other);
  t.deepEqual(one, both);
  mergeDurations(one, noDurations());
  t.deepEqual(one, both);
});
