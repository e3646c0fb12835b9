/**
 * Overload: what clients get that want three times the peak. One server on one core, clients on the other: first as many
 * calls as can be answered (the peak), then three times as many for a while, then half as many, and at last three times as
 * many from clients that ignore the limit of streams. Every call is given up after 200 ms, as Envoy does: times are of what
 * was allowed and cannot be longer than that, so that the share which was sent and given up is told beside them.
 * Usage: node bench/load/overload.ts [--seconds N] [--times N] [--connections N] [--stretch N] [--envoy]
 * Goals: goodput ≥ 80 % of the peak, which counts what was answered within the time-out alone; normal again after 2 s;
 * nothing denied but what was shed; the largest worker ≤ 300 MB.
 * --stretch makes all times so much longer, budget and timeouts: where the machine is so much slower for being shared.
 * --envoy puts the real Envoy, on examples/envoy/http.yaml, between them, on the clients' core.
 */
import { rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { requestMaker } from '../scale/asking.ts';
import { commandLine, publish, rounded } from '../scale/figures.ts';
import { startEnvoyBefore } from './envoy.ts';
import { makePressureFleet } from './pressure-fleet.ts';
import { canPin, pinToLoadCore } from './processes.ts';
import {
  grpcRequest,
  judgeCheck,
  percentile,
  storm,
  type StormOptions,
  type StormResult,
} from '../../test/helpers/storm.ts';
import { startWatched } from './watched-server.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    times: { type: 'string', default: '3' },
    connections: { type: 'string', default: '4' },
    stretch: { type: 'string', default: '1' },
    envoy: { type: 'boolean', default: false },
  },
});
const [seconds, times, connections, stretch] = [
  Number(values.seconds),
  Number(values.times),
  Number(values.connections),
  Number(values.stretch),
];
const timeoutMs = (values.envoy ? 2000 : 200) * stretch;
const devices = 200;
/** Of its own that the largest worker may have (MB). */
const mostMb = 300;
const check = '/envoy.service.auth.v3.Authorization/Check';
const say = (line: string): void => void process.stderr.write(`${line}\n`);

pinToLoadCore();
if (!canPin) say('overload: no taskset or one core only: server and load share cores');
const now = Date.now();
const fleet = await makePressureFleet({ devices, peps: ['edge'], workers: 1, stretch }, now);
const server = await startWatched(fleet.configFile, fleet.adminPort);
const envoy = values.envoy ? await startEnvoyBefore(fleet, connections, now, stretch) : undefined;
try {
  const make = await requestMaker(fleet.pki, 8, now);
  const requests = Array.from({ length: devices }, (_, index) =>
    grpcRequest(check, make(index, index), 200 * stretch),
  );
  const direct = {
    address: `127.0.0.1:${fleet.ports[0]}`,
    connections: Array.from({ length: connections }, () => ({ requests })),
    judge: judgeCheck,
  };
  const target: Pick<StormOptions, 'address' | 'connections' | 'judge'> = envoy ?? direct;
  const run = (
    o: Partial<StormOptions> & Pick<StormOptions, 'perSecond' | 'seconds'>,
  ): Promise<StormResult> => storm({ ...target, timeoutMs, mostPending: 64, ...o });

  say('overload: warming up');
  await run({ perSecond: { parallel: 16 }, seconds: 5, timeoutMs: 10 * timeoutMs });
  const before = server.memory().now;
  const peakSeconds = Math.max(5, seconds / 4);
  const peak = await run({ perSecond: { parallel: 16 }, seconds: peakSeconds, timeoutMs: 10 * timeoutMs });
  const peakRate = peak.fates.allowed / peakSeconds;
  say(`overload: peak ${peakRate.toFixed(0)} a second`);
  server.memory();
  const cpu = server.cpu();
  const over = await run({ perSecond: times * peakRate, seconds });
  const cpuOver = server.cpu() - cpu;
  const memoryOver = server.memory().most;
  say(`overload: ${times} times the peak: ${JSON.stringify(over.fates)}`);
  const after = await run({ perSecond: 0.5 * peakRate, seconds: 10 });
  say(`overload: half the peak right after: ${JSON.stringify(after.fates)}`);
  const rude = await run({ perSecond: times * peakRate, seconds: Math.min(seconds, 20), ignoresLimit: true });
  say(`overload: ignoring the limit: ${JSON.stringify(rude.fates)}`);
  const memoryRude = server.memory().most;
  const afterRude = await run({ perSecond: 0.5 * peakRate, seconds: 10 });
  const goodput = over.fates.allowed / seconds / peakRate;
  // From the third second on: two are given.
  const memory = server.memory();
  const largest = Math.round((Math.max(memoryOver, memoryRude, memory.most) * 2 ** 20) / 1e6);
  // All are devices that must be let in.
  const denied = [peak, over, after, rude, afterRude].reduce((sum, { fates }) => sum + fates.denied, 0);
  const later = after.perSecond.slice(2, 10);
  const normal = later.reduce((sum, one) => sum + one, 0) / (0.5 * peakRate * later.length);
  const figures = {
    through: envoy ? 'envoy' : 'direct',
    ...{ seconds, times, connections, stretch, pinned: canPin },
    peak_per_s: rounded(peakRate),
    wanted_per_s: rounded(over.wanted / seconds),
    goodput_of_peak: rounded(goodput, 3),
    answered_ms: spread(over),
    given_up_of_sent: rounded(over.fates.timed_out / (over.wanted - over.fates.held_back), 4),
    fates: over.fates,
    denied_for: over.reasons,
    cpu_us_per_allowed: rounded(cpuOver / over.fates.allowed),
    memory_mib: { before, overload: memoryOver, ignoring_limit: memoryRude, after: memory.now },
    largest_worker_mb: largest,
    denied,
    after: {
      fates: after.fates,
      denied_for: after.reasons,
      allowed_by_second: after.perSecond,
      after_two_seconds_of_wanted: rounded(normal, 3),
      answered_ms: spread(after),
    },
    ignoring_limit: { fates: rude.fates, connections_lost: rude.connectionsLost, answered_ms: spread(rude) },
    after_ignoring_limit: { fates: afterRude.fates, allowed_by_second: afterRude.perSecond },
    metrics: {
      shed: await server.metric('portreeve_calls_shed_total'),
      abandoned: await server.metric('portreeve_calls_abandoned_total'),
    },
  };
  const missed = [
    ...(goodput < 0.8 ? ['goodput'] : []),
    ...(normal < 0.95 ? ['normal_again'] : []),
    ...(denied > 0 ? ['denied'] : []),
    ...(largest > mostMb ? ['memory'] : []),
  ];
  publish(envoy ? 'overload-envoy' : 'overload', commandLine(), figures, missed);
} finally {
  await envoy?.stop();
  await server.stop();
  rmSync(fleet.folder, { recursive: true, force: true });
}

function spread({ latencies }: StormResult): { p50: number; p99: number; most: number } {
  return {
    p50: rounded(percentile(latencies, 0.5)),
    p99: rounded(percentile(latencies, 0.99)),
    most: rounded(latencies.at(-1) ?? 0),
  };
}
