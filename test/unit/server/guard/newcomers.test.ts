import { mkdtempSync, rmSync } from 'node:fs';
import { Socket, connect, createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { noCounts } from '../../../../src/server/guard/counts.ts';
import type { Counts } from '../../../../src/server/guard/counts.ts';
import { admit } from '../../../../src/server/guard/newcomers.ts';
import { until } from '../../../helpers/server.ts';
import { connections } from '../../api/fixtures.ts';

interface Door {
  readonly counts: Counts['connections'];
  /** Connections that are open, of those that what listens behind has found so. */
  readonly open: ReadonlySet<Socket>;
  /** How many those were. */
  readonly found: () => number;
  readonly connect: (from?: string) => Promise<Socket>;
}

/** A listener whose newcomers are bounded. */
async function door(
  t: ExecutionContext,
  limits: { readonly max?: number; readonly per_address?: number },
  server: Server = createServer(),
  path?: string,
): Promise<Door> {
  const counts = noCounts();
  const open = new Set<Socket>();
  let [came, found] = [0, 0];
  admit(server, { ...connections, ...limits }, counts);
  server.on('connection', (socket: Socket) => {
    came += 1;
    if (socket.destroyed) return;
    found += 1;
    open.add(socket);
    socket.on('error', () => undefined).once('close', () => open.delete(socket));
  });
  server.on('drop', () => (came += 1));
  await new Promise<void>((resolve) =>
    path === undefined ? server.listen(0, '127.0.0.1', resolve) : server.listen(path, resolve),
  );
  t.teardown(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return {
    counts: counts.connections,
    open,
    found: () => found,
    connect: async (localAddress) => {
      const before = came;
      const socket =
        path === undefined
          ? connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, localAddress })
          : connect(path);
      socket.on('error', () => undefined).resume();
      t.teardown(() => socket.destroy());
      await until(() => came > before);
      return socket;
    },
  };
}

const closed = (socket: Socket): Promise<void> => until(() => socket.destroyed || socket.readableEnded);

test('an address has as many connections as it may, and the next is closed before anything is read of it', async (t) => {
  const { connect: come, counts, open, found } = await door(t, { per_address: 2 });
  const first = await come('127.0.0.1');
  await come('127.0.0.1');
  t.deepEqual([open.size, counts.address_full], [2, 0]);
  await closed(await come('127.0.0.1'));
  t.deepEqual([open.size, counts.address_full], [2, 1]);
  t.is(found(), 2, 'what listens behind found the third closed');
  await come('127.0.0.2');
  t.deepEqual([open.size, counts.address_full], [3, 1], 'another address has its own');
  await closed(await come('127.0.0.1'));
  t.is(counts.address_full, 2, 'those that were refused have made no room');
  first.destroy();
  await until(() => open.size === 2);
  await come('127.0.0.1');
  t.deepEqual([open.size, counts.address_full], [3, 2], 'the place of one that went is free');
  t.is(counts.listener_full, 0);
});

test('a listener has as many connections as it may, from whatever addresses', async (t) => {
  const { connect: come, counts, open } = await door(t, { max: 2 });
  const first = await come('127.0.0.1');
  await come('127.0.0.2');
  t.is(counts.listener_full, 0);
  await closed(await come('127.0.0.3'));
  t.deepEqual([open.size, counts.listener_full], [2, 1]);
  first.destroy();
  await until(() => open.size === 1);
  await come('127.0.0.3');
  t.deepEqual([open.size, counts.listener_full, counts.address_full], [2, 1, 0]);
});

test('on a Unix socket, where nobody has an address, the bound of the listener holds alone', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-guard-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'socket');
  const { connect: come, counts, open } = await door(t, { max: 3, per_address: 1 }, createServer(), path);
  for (let more = 0; more < 3; more += 1) await come();
  t.deepEqual([open.size, counts.address_full], [3, 0]);
  await closed(await come());
  t.deepEqual([open.size, counts.address_full, counts.listener_full], [3, 0, 1]);
});

/** A connection as it would be from an address that this machine has not. */
function from(address: string): Socket {
  return Object.defineProperty(new Socket(), 'remoteAddress', { value: address });
}

for (const [rule, known, same, other] of [
  ['a /64 of IPv6 counts as one address', '2001:db8:1:2::1', '2001:db8:1:2:ffff::9', '2001:db8:1:3::1'],
  ['IPv4 addresses count one by one', '192.0.2.1', '192.0.2.1', '192.0.2.2'],
  [
    'an IPv4 address is the same one where it comes as IPv6',
    '192.0.2.1',
    '::ffff:192.0.2.1',
    '::ffff:192.0.2.2',
  ],
] as const) {
  test(rule, (t) => {
    const [server, counts] = [createServer(), noCounts()];
    admit(server, { ...connections, per_address: 1 }, counts);
    const arrivals = [known, same, other].map(from);
    for (const socket of arrivals) server.emit('connection', socket);
    t.deepEqual(
      arrivals.map((socket) => socket.destroyed),
      [false, true, false],
    );
    t.is(counts.connections.address_full, 1);
    for (const socket of arrivals) socket.destroy();
  });
}

test('a handshake that fails, or that does not come in time, ends its connection and is counted', async (t) => {
  const server = createTlsServer({ handshakeTimeout: 50 });
  const { connect: come, counts, open } = await door(t, {}, server);
  const strange = await come();
  strange.write('GET / HTTP/1.1\r\n\r\n');
  await closed(strange);
  await until(() => counts.handshake === 1);
  await closed(await come());
  await until(() => counts.handshake === 2);
  await until(() => open.size === 0);
  t.deepEqual({ ...noCounts().connections, handshake: 2 }, counts);
});

test('who listened before gets only those that are let in, so that one too many has no handshake that fails', async (t) => {
  const server = createTlsServer();
  let handedOn = 0;
  server.on('connection', () => (handedOn += 1));
  const { connect: come, counts } = await door(t, { per_address: 1 }, server);
  await come();
  for (let more = 0; more < 3; more += 1) await closed(await come());
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.is(handedOn, 1);
  t.deepEqual({ ...noCounts().connections, address_full: 3 }, counts);
});
