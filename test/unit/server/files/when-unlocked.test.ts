import test from 'ava';
import { PortreeveError } from '../../../../src/lib/errors.ts';
import { whenUnlocked } from '../../../../src/server/files/when-unlocked.ts';

const lockedOut = new PortreeveError('PDP_STORE_UNAVAILABLE', 'locked', {
  cause: Object.assign(new Error('database is locked'), { errcode: 5 }),
});

test('work that is locked out is done again once the lock is free; anything else is thrown at once', async (t) => {
  let tries = 0;
  const done = await whenUnlocked(async () => {
    tries += 1;
    if (tries < 3) throw lockedOut;
    return tries;
  });
  t.is(done, 3);
  const full = new PortreeveError('PDP_STORE_UNAVAILABLE', 'no room');
  await t.throwsAsync(
    whenUnlocked(() => {
      tries += 1;
      return Promise.reject(full);
    }),
    { is: full },
  );
  t.is(tries, 4);
});

test('work that is to end is not tried again', async (t) => {
  let tries = 0;
  const work = (): Promise<void> => {
    tries += 1;
    return Promise.reject(lockedOut);
  };
  await t.throwsAsync(whenUnlocked(work, AbortSignal.abort()), { is: lockedOut });
  t.is(tries, 1);
});
