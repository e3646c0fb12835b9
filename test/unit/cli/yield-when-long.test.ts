import test from 'ava';
import { yieldWhenLong } from '../../../src/cli/yield-when-long.ts';

test('an import yields once, and only when it is a long one', (t) => {
  let lowered = 0;
  const note = yieldWhenLong(() => (lowered += 1));
  for (const rows of [1, 50_000, 99_999]) note(rows);
  t.is(lowered, 0);
  for (const rows of [100_000, 200_000]) note(rows);
  t.is(lowered, 1);
});
