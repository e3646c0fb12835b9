import test from 'ava';
import { shareAnswer } from '../../../src/api/shared-answer.ts';
import { createAskRate } from '../../../src/api/ask-rate.ts';
import { fakeClock } from '../../helpers/fake-clock.ts';

test('who asks while it is being made gets what comes of that making, a failure too', async (t) => {
  const made: PromiseWithResolvers<string>[] = [];
  const make = (): Promise<string> => {
    const one = Promise.withResolvers<string>();
    made.push(one);
    return one.promise;
  };
  const ask = shareAnswer(make, { apartMs: 0, keptMs: 0, clock: fakeClock(0) });
  const all = [ask(), ask(), ask()];
  made[0]?.resolve('one');
  t.deepEqual(await Promise.all(all), ['one', 'one', 'one']);
  const others = [ask(), ask()].map((asked) => asked.catch((error: Error) => error.message));
  made[1]?.reject(new Error('failed'));
  t.deepEqual(await Promise.all(others), ['failed', 'failed']);
  t.is(made.length, 2);
});

test('an answer is given again for as long as it is kept, from when it was begun; a failure is not', async (t) => {
  const clock = fakeClock(0);
  let made = 0;
  const make = (): number => {
    made += 1;
    if (made === 1) throw new Error('failed');
    return made;
  };
  const ask = shareAnswer(make, { apartMs: 0, keptMs: 1000, clock });
  await t.throwsAsync(ask(), { message: 'failed' });
  t.is(await ask(), 2);
  clock.advance(999);
  t.is(await ask(), 2);
  clock.advance(1);
  t.is(await ask(), 3);
});

test('what is not kept is made anew for who asks later, and no sooner than it may be', async (t) => {
  let made = 0;
  const began = performance.now();
  const ask = shareAnswer(() => (made += 1), {
    ...{ apartMs: 100, keptMs: 0 },
    clock: { monotonic: () => performance.now() },
  });
  t.is(await ask(), 1);
  t.deepEqual(await Promise.all([ask(), ask()]), [2, 2]);
  t.is(await ask(), 3);
  // Timers may come a millisecond before performance.now() says so.
  const took = performance.now() - began;
  t.true(took >= 195, `${took} ms`);
});

test('each may ask so many times in a second, whatever others do', (t) => {
  const clock = fakeClock(0);
  const mayAsk = createAskRate(2, clock);
  const three = (who: string): boolean[] => [mayAsk(who), mayAsk(who), mayAsk(who)];
  t.deepEqual(three('a'), [true, true, false]);
  t.deepEqual(three('b'), [true, true, false]);
  clock.advance(1000);
  t.deepEqual(three('a'), [true, true, false]);
});
