import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { withSharedPort } from '../helpers/behind-envoy.ts';
import { greetedAt, startGreeter } from '../helpers/l4-load.ts';
import { request, startEnvoy } from '../helpers/live-envoy.ts';
import { makeLiveFleet } from '../helpers/live-fleet.ts';
import { findEnvoy, until } from '../helpers/processes.ts';
import { needing } from '../helpers/skip.ts';

const envoy = findEnvoy();
const withEnvoy = needing(envoy.lack, { serial: true });

withEnvoy(
  'http.yaml with the cluster for one shared port, both as they are: a known device is let in, a stranger is not',
  async (t) => {
    const fleet = await makeLiveFleet(t, ['meter-1'], { sharedPort: true });
    const service = createServer((_request, answer) => void answer.end('from the service'));
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', () => resolve()));
    t.teardown(() => service.close());
    await fleet.serve();
    const { port } = service.address() as AddressInfo;
    const proxy = await startEnvoy(t, envoy.path, 'http.yaml', fleet, port, withSharedPort);
    const [meter, stranger] = [await fleet.device('meter-1'), await fleet.device('stranger')];
    await until('the device is let in', async () => (await request(proxy.port, meter)).status === 200);
    await until('the stranger is kept out by a decision', async () => {
      t.not((await request(proxy.port, stranger)).status, 200);
      return proxy.accessLog().some(({ reason }) => reason === 'inventory.unknown_device');
    });
  },
);

withEnvoy(
  'l4.yaml with the cluster for one shared port, both as they are: a known device is let in, a stranger is not',
  async (t) => {
    const fleet = await makeLiveFleet(t, ['meter-1'], { sharedPort: true });
    await fleet.serve();
    const service = await startGreeter(t);
    const proxy = await startEnvoy(t, envoy.path, 'l4.yaml', fleet, service, withSharedPort);
    const [meter, stranger] = [await fleet.device('meter-1'), await fleet.device('stranger')];
    await until('the device is let in', async () => (await greetedAt(proxy.port, meter)) === 'greeted');
    await until('the stranger is kept out by a decision', async () => {
      t.not(await greetedAt(proxy.port, stranger), 'greeted');
      return proxy.accessLog().some(({ reason }) => reason === 'inventory.unknown_device');
    });
  },
);
