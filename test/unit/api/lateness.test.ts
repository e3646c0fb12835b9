import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import test from 'ava';
import { watchLateness } from '../../../src/api/lateness.ts';
import { systemClock } from '../../../src/lib/clock.ts';

/** Keeps this thread from everything else. */
function busy(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

test('what is read right after a pause came about in its middle; what is read later did not wait', async (t) => {
  const lateness = watchLateness(systemClock);
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sending = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [reading] = (await once(server, 'connection')) as [Socket];
  t.teardown(() => {
    lateness.stop();
    sending.destroy();
    reading.destroy();
    server.close();
  });
  const arrivals: { readonly now: number; readonly at: number }[] = [];
  const read = (): Promise<void> =>
    new Promise((resolve) =>
      reading.once('data', () => {
        const now = performance.now();
        arrivals.push({ now, at: lateness.arrivedAt(now) });
        resolve();
      }),
    );

  const piled = read();
  let [before, after] = [0, 0];
  setImmediate(() => {
    before = performance.now();
    sending.write('a');
    busy(300);
    after = performance.now();
  });
  await piled;
  await new Promise((resolve) => setTimeout(resolve, 5));
  const later = read();
  sending.write('b');
  await later;

  const [first, second] = arrivals;
  t.true(first && first.at > before - 25 && first.at < after, JSON.stringify({ before, after, arrivals }));
  t.true(first && after - first.at > 100, JSON.stringify({ before, after, arrivals }));
  t.is(second?.at, second?.now);
});
