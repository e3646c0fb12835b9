import test from 'ava';
import { createPacing } from '../../../../src/server/records/pacing.ts';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test('what comes after a pause runs with the next turn of the event loop', async (t) => {
  const pacing = createPacing(() => 20);
  for (let round = 0; round < 2; round += 1) {
    let ran = false;
    pacing.next(() => (ran = true));
    t.false(ran);
    await new Promise((resolve) => setImmediate(resolve));
    t.true(ran);
    await pause(60);
  }
});

test('what comes at once after something else runs when the pause is over, and never overtakes it', async (t) => {
  const pacing = createPacing(() => 20);
  const ran: string[] = [];
  pacing.next(() => ran.push('first'));
  await new Promise((resolve) => setImmediate(resolve));
  pacing.next(() => ran.push('second'));
  await new Promise((resolve) => setImmediate(resolve));
  t.deepEqual(ran, ['first']);
  await pause(60);
  t.deepEqual(ran, ['first', 'second']);
});
