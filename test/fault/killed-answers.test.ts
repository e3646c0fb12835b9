import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import { freePorts } from '../helpers/ports.ts';
import { decidePath, framedMessage, rawClient } from '../helpers/raw-grpc.ts';
import type { RawAnswer } from '../helpers/raw-grpc.ts';
import { forServer, startServer, until } from '../helpers/server.ts';
import { makeWorld } from '../helpers/world.ts';

/** One try each. Where the status followed the message in a write of its own, every second kill or so left half answers. */
const workers = 4;
/** Bytes that may come unread, as Envoy lets them: where a window is closed, part of an answer has to wait for the PEP. */
const window = 16 * 1024 * 1024;
/** Calls that are open at once, more than are decided in one turn of the event loop. */
const atOnce = 64;

test('a busy worker that is killed has answered each call whole or not at all, so that Envoy may ask another one', async (t) => {
  const ports = await freePorts(workers);
  const world = await makeWorld({
    now: Date.now(),
    configure: forServer((document) => {
      document['server'] = {
        ...(document['server'] as object),
        workers,
        listeners: [{ name: 'local', address: `127.0.0.1:${ports[0]}-${ports.at(-1)}`, pep: 'envoy' }],
      };
    }),
  });
  t.teardown(world.close);
  const server = await startServer(t, world.configFile, { decisions: false });
  const message = framedMessage('portreeve.v1.DecideRequest', {
    peer_chain: [(await world.leaf('meter/1')).der],
    authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
    source_ip: '10.20.0.7',
  });
  const { workers: known } = await server.status();

  for (const [index, port] of ports.entries()) {
    const client = rawClient(t, `127.0.0.1:${port}`, window);
    const answers: RawAnswer[] = [];
    let killed = false;
    const asking = Array.from({ length: atOnce }, async () => {
      while (!killed) answers.push(await client.call({ path: decidePath, body: [message] }));
    });
    await until(() => answers.length > 2 * atOnce);
    await pause(Math.random() * 50);
    process.kill(known[index]?.pid as number, 'SIGKILL');
    killed = true;
    await Promise.all(asking);
    const whole = answers.filter(({ grpcStatus }) => grpcStatus === 0);
    t.true(whole.length > atOnce, 'it was busy');
    t.deepEqual(
      answers.filter(({ httpStatus, grpcStatus }) => httpStatus !== null && grpcStatus === null),
      [],
      `worker ${index}, which answered ${whole.length}`,
    );
  }
});
