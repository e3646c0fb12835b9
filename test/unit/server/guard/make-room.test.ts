import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { makeRoom, noVisitEnds } from '../../../../src/server/guard/make-room.ts';
import { fakeClock } from '../../../helpers/fake-clock.ts';

const limits = { max: 4, perAddress: 2, lifeMs: 10_000 };

/** A listener with room for four, two of an address; `open` answers whether what was opened is open still, in order. */
async function listener(t: ExecutionContext, path?: string) {
  const clock = fakeClock(0);
  const counts = noVisitEnds();
  const server = createServer((socket) => socket.on('error', () => undefined).resume());
  const room = makeRoom(server, limits, { counts, clock });
  server.listen(path ?? { host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const sockets: Socket[] = [];
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    room.closeAll();
    server.close();
  });
  return {
    clock,
    counts,
    comes: async (from: string): Promise<void> => {
      const { port } = (path === undefined ? server.address() : { port: 0 }) as AddressInfo;
      const socket =
        path === undefined ? connect({ port, host: '127.0.0.1', localAddress: from }) : connect(path);
      sockets.push(socket.on('error', () => undefined).resume());
      await Promise.all([once(socket, 'connect'), once(server, 'connection')]);
    },
    open: async (): Promise<readonly boolean[]> => {
      await pause(50);
      return sockets.map(({ destroyed }) => !destroyed);
    },
  };
}

test('who comes from an address with too many takes the place of the oldest of them, and of nobody else', async (t) => {
  const { clock, counts, comes, open } = await listener(t);
  for (const from of ['127.0.0.2', '127.0.0.3', '127.0.0.3']) await comes(from);
  clock.advance(200);
  await comes('127.0.0.3');
  t.deepEqual(await open(), [true, false, true, true]);
  t.deepEqual(counts, { address_full: 1, listener_full: 0, slow: 0 });
});

test('where all are too many the oldest of the address that has most makes way', async (t) => {
  const { clock, counts, comes, open } = await listener(t);
  for (const from of ['127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.4']) await comes(from);
  clock.advance(200);
  await comes('127.0.0.5');
  t.deepEqual(await open(), [true, true, false, true, true]);
  t.deepEqual(counts, { address_full: 0, listener_full: 1, slow: 0 });
});

test('nobody makes way before it could be read, unless twice as many have come', async (t) => {
  const { clock, counts, comes, open } = await listener(t);
  for (let more = 0; more < 8; more += 1) await comes('127.0.0.2');
  clock.advance(199);
  t.false((await open()).includes(false));
  await comes('127.0.0.2');
  t.deepEqual((await open()).slice(0, 2), [false, true]);
  clock.advance(1);
  await comes('127.0.0.2');
  // One more came a millisecond ago, the last one now.
  t.deepEqual((await open()).slice(-2), [true, true]);
  t.is((await open()).filter(Boolean).length, limits.perAddress);
  t.deepEqual(counts, { address_full: 7, listener_full: 1, slow: 0 });
});

test('what has lived for too long is closed, without anybody coming', async (t) => {
  const { clock, counts, comes, open } = await listener(t);
  await comes('127.0.0.2');
  clock.advance(5000);
  await comes('127.0.0.3');
  clock.advance(5000);
  while (counts.slow === 0) await pause(20);
  t.deepEqual(await open(), [false, true]);
});

test('on a Unix socket, where nobody has an address, the bound of the listener holds alone', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-room-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const { clock, counts, comes, open } = await listener(t, join(folder, 'admin.sock'));
  for (let more = 0; more < 4; more += 1) await comes('');
  clock.advance(200);
  t.false((await open()).includes(false));
  await comes('');
  t.deepEqual(await open(), [false, true, true, true, true]);
  t.deepEqual(counts, { address_full: 0, listener_full: 1, slow: 0 });
});
