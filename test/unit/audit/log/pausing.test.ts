import test from 'ava';
import { Pausing } from '../../../../src/audit/log/pausing.ts';

const minute = 60_000;
const fails = (): Promise<never> => Promise.reject(new Error('no'));

/** Tries whenever it is due, each second until `end`; answers at which minutes that was. */
async function tried(pausing: Pausing, begin: number, end: number): Promise<number[]> {
  const at: number[] = [];
  for (let now = begin; now < end; now += 1000) {
    if (!pausing.isDue(now)) continue;
    at.push(now / minute);
    await pausing.attempt(now, fails).catch(() => undefined);
  }
  return at;
}

test('what fails is tried after twice as long each time, at last every hour', async (t) => {
  t.deepEqual(await tried(new Pausing(), 0, 260 * minute), [0, 1, 3, 7, 15, 31, 63, 123, 183, 243]);
});

test('what succeeds is due again at once, and begins anew with the shortest pause', async (t) => {
  const pausing = new Pausing();
  await tried(pausing, 0, 10 * minute);
  t.is(await pausing.attempt(20 * minute, () => Promise.resolve('done')), 'done');
  t.deepEqual(await tried(pausing, 20 * minute, 24 * minute), [20, 21, 23]);
});

test('a clock that is set back by more than the longest pause makes nobody wait for it', async (t) => {
  const pausing = new Pausing();
  await t.throwsAsync(pausing.attempt(1000 * minute, fails), { message: 'no' });
  t.false(pausing.isDue(1000 * minute));
  t.true(pausing.isDue(0));
});
