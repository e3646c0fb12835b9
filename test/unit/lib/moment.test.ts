import test from 'ava';
import { thisMoment } from '../../../src/lib/moment.ts';

test('a moment is the same until what waits has run, and then over', async (t) => {
  const moment = thisMoment();
  t.is(thisMoment(), moment);
  t.false(moment.over);
  await Promise.resolve();
  t.true(moment.over);
  t.not(thisMoment(), moment);
});
