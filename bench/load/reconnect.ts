/**
 * The whole fleet reconnects, as after an outage: so many devices, each with a certificate of its own that was never
 * shown before, within so many seconds. Two workers with ports of their own on all cores, the load beside them. Nobody is denied; whoever is shed
 * tries again after a pause, and then after one twice as long, as devices do, until four times as long is over. How what is kept is filled and bounded is
 * read from the metrics.
 * Usage: node bench/load/reconnect.ts [--devices N] [--seconds N] [--connections N] [--timeout MS] [--again MS] [--stretch N]
 * --again: the first pause.
 * --stretch: the budget is so much longer, where the machine is so much slower for being shared.
 */
import { rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { requestMaker } from '../scale/asking.ts';
import { commandLine, publish, rounded } from '../scale/figures.ts';
import { makePressureFleet } from './pressure-fleet.ts';
import { grpcRequest, judgeCheck, percentile, storm } from '../../test/helpers/storm.ts';
import { startWatched } from './watched-server.ts';

const { values } = parseArgs({
  options: {
    devices: { type: 'string', default: '100000' },
    seconds: { type: 'string', default: '30' },
    connections: { type: 'string', default: '8' },
    timeout: { type: 'string', default: '1000' },
    again: { type: 'string', default: '5000' },
    stretch: { type: 'string', default: '1' },
  },
});
const [devices, seconds, connections, timeoutMs, afterMs] = [
  ...[values.devices, values.seconds, values.connections, values.timeout, values.again].map(Number),
] as [number, number, number, number, number];
/** Each with a port of its own. */
const workers = 2;
/** Over all connections, as examples/envoy/http.yaml has it: whoever finds no room there tries again later, too. */
const mostPending = 256;
const say = (line: string): void => void process.stderr.write(`${line}\n`);

const now = Date.now();
say(`reconnect: making ${devices} devices and certificates`);
const options = { devices, peps: ['edge'], workers, stretch: Number(values.stretch) };
const fleet = await makePressureFleet(options, now);
const make = await requestMaker(fleet.pki, 8, now);
const check = '/envoy.service.auth.v3.Authorization/Check';
// The last ones warm the server up, on connections of their own, so that both workers have come to speed.
const warming = 200;
const all = Array.from({ length: devices + warming }, (_, index) =>
  grpcRequest(check, make(index % devices, index), timeoutMs),
);
const server = await startWatched(fleet.configFile, fleet.adminPort, 'all');
try {
  const port = fleet.ports[0] as number;
  // Connections are spread over the workers evenly, as Envoy spreads calls over endpoints.
  const addressOf = (index: number): string => `127.0.0.1:${port + (index % workers)}`;
  const rest = {
    address: addressOf(0),
    timeoutMs,
    judge: judgeCheck,
    mostPending: Math.ceil(mostPending / connections),
  };
  const warm = { requests: all.slice(devices) };
  await storm({
    ...rest,
    connections: Array.from({ length: connections }, (_, index) => ({ ...warm, address: addressOf(index) })),
    perSecond: 500,
    seconds: 5,
  });
  const before = server.memory().now;
  const cpu = server.cpu();
  const loadCpu = process.cpuUsage();
  const each = Math.ceil(devices / connections);
  const result = await storm({
    ...rest,
    connections: Array.from({ length: connections }, (_, index) => ({
      address: addressOf(index),
      requests: all.slice(index * each, Math.min(devices, (index + 1) * each)),
    })),
    perSecond: devices / seconds,
    seconds,
    inOrder: true,
    again: { afterMs, seconds: 4 * seconds },
  });
  const memory = server.memory();
  const cpuUs = (server.cpu() - cpu) / devices;
  const { user, system } = process.cpuUsage(loadCpu);
  const kept: Record<string, object> = {};
  for (const name of ['credentials', 'devices', 'device_keys', 'revocations']) {
    const of = async (what: string): Promise<number> =>
      server.metric(`portreeve_kept_${what}`, `kept="${name}"`);
    const bytes = await of('bytes');
    kept[name] = {
      ...{ entries: await of('entries'), bound: await of('bound') },
      // Of what is bounded by its entries alone there are none.
      ...(!Number.isNaN(bytes) && { bytes, bytes_bound: await of('bytes_bound') }),
      ...{
        hits: await of('hits_total'),
        misses: await of('misses_total'),
        evictions: await of('evictions_total'),
      },
    };
  }
  const { fates, atOnce, reasons, latencies } = result;
  publish(
    'reconnect',
    commandLine(),
    {
      ...{ devices, seconds, connections, timeout_ms: timeoutMs, again_ms: afterMs },
      ...{ stretch: Number(values.stretch), at_once: atOnce, fates, denied_for: reasons },
      ...{ let_in_at_once: atOnce.allowed / devices, let_in: fates.allowed / devices },
      last_let_in_s: rounded(result.lastAllowedMs / 1000),
      answered_ms: {
        p50: rounded(percentile(latencies, 0.5)),
        p99: rounded(percentile(latencies, 0.99)),
        most: rounded(latencies.at(-1) ?? 0),
      },
      allowed_by_second: result.perSecond,
      cpu_us_per_device: rounded(cpuUs),
      load_cpu_us_per_device: rounded((user + system) / devices),
      largest_worker_mib: { before, most: memory.most, after: memory.now },
      kept_in_all_workers: kept,
    },
    [
      ...(fates.denied > 0 ? ['denied'] : []),
      ...(atOnce.allowed < devices ? ['let_in_at_once'] : []),
      ...(fates.allowed < devices ? ['let_in'] : []),
    ],
  );
} finally {
  await server.stop();
  rmSync(fleet.folder, { recursive: true, force: true });
}
