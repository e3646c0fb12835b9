/**
 * Fairness: one enforcement point offers five times what the server can answer, and another a tenth of it. One server on
 * one core, both clients on the other; every call is given up after 200 ms. What the small one gets alone is measured in
 * the same run.
 * Usage: node bench/load/fair.ts [--seconds N] [--times N] [--share N] [--connections N] [--stretch N]
 * --connections: of the large one; the small one has one. --stretch: as in overload.ts.
 */
import { rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { requestMaker } from '../scale/asking.ts';
import { commandLine, publish, rounded } from '../scale/figures.ts';
import { makePressureFleet } from './pressure-fleet.ts';
import { pinToLoadCore } from './processes.ts';
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
    seconds: { type: 'string', default: '30' },
    times: { type: 'string', default: '5' },
    share: { type: 'string', default: '0.1' },
    connections: { type: 'string', default: '4' },
    stretch: { type: 'string', default: '1' },
  },
});
const [seconds, times, share, connections, stretch] = [
  Number(values.seconds),
  Number(values.times),
  Number(values.share),
  Number(values.connections),
  Number(values.stretch),
];
const timeoutMs = 200 * stretch;
const devices = 200;
const say = (line: string): void => void process.stderr.write(`${line}\n`);

pinToLoadCore();
const now = Date.now();
const fleet = await makePressureFleet(
  { devices: 2 * devices, peps: ['large', 'small'], workers: 1, stretch },
  now,
);
const server = await startWatched(fleet.configFile, fleet.adminPort);
try {
  const make = await requestMaker(fleet.pki, 8, now);
  const check = '/envoy.service.auth.v3.Authorization/Check';
  // Each device asks by one enforcement point alone: its key would count as shared.
  const requests = Array.from({ length: 2 * devices }, (_, index) =>
    grpcRequest(check, make(index, index), timeoutMs),
  );
  const requestsOf = { large: requests.slice(0, devices), small: requests.slice(devices) };
  const from = (
    pep: 'large' | 'small',
    o: Pick<StormOptions, 'perSecond' | 'seconds'> & Partial<StormOptions>,
  ): Promise<StormResult> =>
    storm({
      address: `127.0.0.1:${fleet.ports[pep === 'large' ? 0 : 1]}`,
      connections: Array.from({ length: pep === 'large' ? connections : 1 }, () => ({
        requests: requestsOf[pep],
      })),
      ...{ timeoutMs, mostPending: 64, judge: judgeCheck },
      ...o,
    });
  const closed = { perSecond: { parallel: 16 }, timeoutMs: 10 * timeoutMs };
  await from('large', { ...closed, seconds: 5 });
  const peakSeconds = Math.max(5, seconds / 4);
  const peak = (await from('large', { ...closed, seconds: peakSeconds })).fates.allowed / peakSeconds;
  say(`fair: peak ${peak.toFixed(0)} a second`);
  const alone = await from('small', { perSecond: share * peak, seconds: Math.min(10, seconds) });
  const [large, small] = await Promise.all([
    from('large', { perSecond: times * peak, seconds }),
    from('small', { perSecond: share * peak, seconds }),
  ]);
  publish(
    'fair',
    commandLine(),
    {
      ...{ seconds, times, share, connections, stretch, peak_per_s: rounded(peak) },
      alone: told(alone),
      small: told(small),
      large: { ...told(large), allowed_of_peak: rounded(large.fates.allowed / seconds / peak) },
    },
    goodput(small) < 0.95 ? ['goodput'] : [],
  );
} finally {
  await server.stop();
  rmSync(fleet.folder, { recursive: true, force: true });
}

function goodput({ wanted, fates }: StormResult): number {
  return fates.allowed / wanted;
}

function told(result: StormResult): object {
  const { wanted, fates, latencies } = result;
  return {
    ...{ wanted, goodput: rounded(goodput(result), 3), fates },
    answered_ms: { p50: rounded(percentile(latencies, 0.5)), p99: rounded(percentile(latencies, 0.99)) },
  };
}
