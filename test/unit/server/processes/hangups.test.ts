import { once } from 'node:events';
import test from 'ava';
import { hearHangups, takeHangups } from '../../../../src/server/processes/hangups.ts';

/** Sends this process a SIGHUP and waits until it has come. */
async function hangUp(): Promise<void> {
  const come = once(process, 'SIGHUP');
  const awake = setInterval(() => undefined, 1000);
  process.kill(process.pid, 'SIGHUP');
  await come;
  clearInterval(awake);
}

test('a SIGHUP before anybody takes it is taken later, once; and those after it as they come', async (t) => {
  hearHangups();
  hearHangups();
  await hangUp();
  await hangUp();
  let reloads = 0;
  const end = takeHangups(() => (reloads += 1));
  t.is(reloads, 1);
  await hangUp();
  t.is(reloads, 2);
  end();
  await hangUp();
  t.is(reloads, 2, 'nor does it end the process');
});
