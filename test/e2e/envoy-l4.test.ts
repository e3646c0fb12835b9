import { createServer, type AddressInfo } from 'node:net';
import type { ExecutionContext } from 'ava';
import { makeLiveFleet } from '../helpers/live-fleet.ts';
import { ask, startEnvoy } from '../helpers/live-envoy.ts';
import { findEnvoy, until } from '../helpers/processes.ts';
import { needing } from '../helpers/skip.ts';

/** A service that speaks first: a device that nobody has checked must not hear it. */
async function startGreeter(
  t: ExecutionContext,
): Promise<{ readonly port: number; readonly connections: () => number }> {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.write('hello from the service\n');
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  t.teardown(() => server.close());
  return { port: (server.address() as AddressInfo).port, connections: () => connections };
}

const envoy = findEnvoy();
const withEnvoy = needing(envoy.lack, { serial: true });
const greeted = (text: string): boolean => text.includes('hello from the service');

withEnvoy(
  'through a real Envoy on layer 4: no byte passes in either direction before the decision allows',
  async (t) => {
    const fleet = await makeLiveFleet(t, ['meter-1', 'meter-2']);
    const upstream = await startGreeter(t);
    const server = await fleet.serve();
    const proxy = await startEnvoy(t, envoy.path, 'l4.yaml', fleet, upstream.port);
    const meter = await fleet.device('meter-1');

    const allowed = await until('the device is let in', async () => {
      const seen = await ask(proxy.port, meter, 'CONNECT\n', { enough: greeted });
      return greeted(seen.text) ? seen : undefined;
    });
    t.true(greeted(allowed.text));

    const before = upstream.connections();
    const unknown = await ask(proxy.port, await fleet.device('stranger'), 'CONNECT\n');
    t.is(unknown.text, '');
    t.regex(String(unknown.error), /ALERT_ACCESS_DENIED|ALERT/i, 'the device sees TLS alert 49');
    const nobody = await ask(proxy.port, undefined, 'CONNECT\n');
    t.is(nobody.text, '');
    t.is(upstream.connections(), before, 'the service was not even dialled');
    await until('reasons are in the access log', () => {
      const reasons = proxy.accessLog().map((line) => line.reason);
      return reasons.includes('inventory.unknown_device') && reasons.includes('identity.no_credential');
    });

    const second = await fleet.device('meter-2');
    t.true(greeted((await ask(proxy.port, second, 'CONNECT\n', { enough: greeted })).text));
    t.is(fleet.cli(['crl', 'import', await fleet.crl([second.serial]), '--why', 'stolen']).code, 0);
    t.is((await ask(proxy.port, second, 'CONNECT\n')).text, '');

    process.kill(server.child.pid as number, 'SIGKILL');
    await until(
      'connections fail closed',
      async () => !greeted((await ask(proxy.port, meter, 'CONNECT\n', { enough: greeted })).text),
    );
    await fleet.serve();
    await until('connections pass again', async () =>
      greeted((await ask(proxy.port, meter, 'CONNECT\n', { enough: greeted })).text),
    );
  },
);
