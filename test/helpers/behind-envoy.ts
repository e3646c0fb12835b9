import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { loadEnvoy, type EnvoyLoad } from './envoy-load.ts';
import { greetedAt, loadL4, startGreeter, type L4Load } from './l4-load.ts';
import { request, startEnvoy, type LiveEnvoy } from './live-envoy.ts';
import type { LiveFleet } from './live-fleet.ts';
import { until, type Running } from './processes.ts';
import type { Status } from './server.ts';
import { root } from './source-files.ts';

/**
 * Times as the example has them are for a machine that has nothing else to do: where Envoy, load, service and server share
 * two cores that others use as well, a decision may take longer than all of them. `make soak` has them as shipped.
 */
const asShipped = Number(process.env['SOAK_FACTOR'] ?? 1) > 1;

/** Requests a second: real load, and little enough for a busy machine. */
export const rate = asShipped ? 200 : 40;

/** The server's own budget, as far as it must be stretched for that. */
export function stretchedBudget(configuration: string): string {
  return asShipped ? configuration : configuration.replace('\nserver:', '\nserver:\n  budget: 5s');
}

/** Envoy's times of an example, likewise. */
export function stretched(example: string): string {
  if (asShipped) return example;
  return example
    .replace('timeout: 0.2s\n', 'timeout: 10s\n')
    .replace('max_interval: 0.1s', 'max_interval: 3s');
}

/** The example with its cluster exchanged for that of a shared port. */
export function withSharedPort(example: string): string {
  const cluster = readFileSync(join(root, 'examples/envoy/cluster-shared-port.yaml'), 'utf8');
  const at = example.indexOf('    # One endpoint for each worker');
  if (at === -1) throw new Error('the example has another cluster than this test knows');
  return example.slice(0, at) + cluster.replace(/^(?=.)/gm, '    ');
}

/** A real Envoy before a fleet, and what a device that was let in does there. */
export interface BehindEnvoy {
  readonly proxy: LiveEnvoy;
  readonly load: () => EnvoyLoad;
  /** One request on a connection of its own; its HTTP status. */
  readonly ask: () => Promise<number>;
}

/**
 * A real Envoy with `http.yaml` before a fleet, a service behind it, and a device that is let in. `times` says what is made
 * of the example's times: they are stretched where it is not given.
 */
export async function putBehindEnvoy(
  t: ExecutionContext,
  envoy: string,
  fleet: LiveFleet,
  {
    device,
    times = stretched,
    change = (text: string) => text,
  }: {
    readonly device: string;
    readonly times?: (example: string) => string;
    readonly change?: (example: string) => string;
  },
): Promise<BehindEnvoy> {
  const service = createServer((_request, answer) => void answer.end('from the service'));
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', () => resolve()));
  t.teardown(() => {
    service.close();
    service.closeAllConnections();
  });
  const { port } = service.address() as AddressInfo;
  const proxy = await startEnvoy(t, envoy, 'http.yaml', fleet, port, (text) => change(times(text)));
  const meter = await fleet.device(device);
  const ask = async (): Promise<number> => (await request(proxy.port, meter)).status;
  await until('the device is let in', async () => (await ask()) === 200, { timeoutMs: 30_000 });
  return { proxy, load: () => loadEnvoy(proxy.port, [meter], { rate, connections: 16 }), ask };
}

/** A real Envoy with `l4.yaml` before a fleet, a service that greets behind it, and a device that is let in. */
export async function putBehindEnvoyL4(
  t: ExecutionContext,
  envoy: string,
  fleet: LiveFleet,
  { device }: { device: string },
): Promise<{ readonly proxy: LiveEnvoy; readonly load: () => L4Load }> {
  const proxy = await startEnvoy(t, envoy, 'l4.yaml', fleet, await startGreeter(t), stretched);
  const meter = await fleet.device(device);
  await until('the device is let in', async () => (await greetedAt(proxy.port, meter)) === 'greeted', {
    timeoutMs: 30_000,
  });
  return { proxy, load: () => loadL4(proxy.port, meter, { rate }) };
}

/** Fails where a call of the load did not get through, and shows what Envoy says of it. */
export async function noneFailed(
  t: ExecutionContext,
  load: Awaited<ReturnType<EnvoyLoad['stop']>>,
  proxy: LiveEnvoy,
): Promise<void> {
  const denied = proxy.accessLog().filter(({ status }) => status !== 200);
  if (denied.length > 0) t.log(await proxy.clusterStats());
  t.deepEqual(
    load.answers,
    { '200': load.sent },
    `the first after ${load.firstFailure} ms: ${JSON.stringify(denied.slice(0, 5))}`,
  );
  t.log(`${load.sent} calls, the slowest ${load.slowest.toFixed(0)} ms`);
}

export async function statusAt(adminPort: number): Promise<Status> {
  return (await (await fetch(`http://127.0.0.1:${adminPort}/status`)).json()) as Status;
}

/** Waits until the worker of a number is another process than `pid`, and decides. */
export async function untilReplaced(
  adminPort: number,
  index: number,
  pid: number,
  running: Running,
): Promise<void> {
  await until(
    `worker ${index} is another one`,
    async () => {
      const worker = (await statusAt(adminPort)).workers[index];
      return worker?.ready === true && worker.pid !== pid;
    },
    { timeoutMs: 30_000, running },
  );
}
