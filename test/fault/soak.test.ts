import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import { messageCodec } from '../../src/api/load-protos.ts';
import { changed } from '../helpers/bundles.ts';
import { forServer, startServer } from '../helpers/server.ts';
import type { Server } from '../helpers/server.ts';
import { root } from '../helpers/source-files.ts';
import { grpcRequest, judgeCheck, storm } from '../helpers/storm.ts';
import type { Prepared } from '../helpers/storm.ts';
import { deviceId, makeWorld } from '../helpers/world.ts';
import type { World } from '../helpers/world.ts';

const factor = Number(process.env.SOAK_FACTOR ?? 1);
/** Seconds; half an hour with `make soak`. */
const length = factor > 1 ? 36 * factor : 8;

/** What must not grow, as it was at one moment. */
interface Sample {
  readonly atS: number;
  /** Anonymous memory (MiB) and open files of worker and parent. */
  readonly worker: Footprint;
  readonly parent: Footprint;
  readonly wasmPages: number;
  readonly delayS: number;
}

interface Footprint {
  readonly mib: number;
  readonly files: number;
}

function footprint(pid: number): Footprint {
  const [, kilobytes] = /RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return { mib: Number(kilobytes) / 1024, files: readdirSync(`/proc/${pid}/fd`).length };
}

async function sample(server: Server, begun: number): Promise<Sample> {
  const [worker] = (await server.status()).workers;
  const metrics = await server.metrics();
  const most = (name: string): number =>
    Math.max(0, ...metrics.filter((one) => one.name === name).map(({ value }) => value));
  return {
    atS: (performance.now() - begun) / 1000,
    worker: footprint(worker?.pid ?? 0),
    parent: footprint(server.pid),
    wasmPages: most('portreeve_policy_wasm_pages'),
    delayS: most('portreeve_eventloop_delay_seconds'),
  };
}

/** Requests of devices that stay as they are, whatever else changes. */
async function requestsOf(world: World, names: readonly string[]): Promise<readonly Prepared[]> {
  const codec = messageCodec<object>('envoy.service.auth.v3.CheckRequest');
  const requests: Prepared[] = [];
  for (const name of names) {
    const { pem } = await world.leaf(name);
    const message = codec.encode({
      attributes: {
        source: {
          address: { socket_address: { address: '10.20.0.7' } },
          certificate: encodeURIComponent(pem),
        },
        request: { http: { method: 'GET', path: '/', host: 'h' } },
      },
    });
    requests.push(grpcRequest('/envoy.service.auth.v3.Authorization/Check', message, 5000));
  }
  return requests;
}

/** Devices, a CRL and the policy change, over and over, until it is told to stop. Answers how often. */
async function churn(world: World, bundle: string, ended: AbortSignal): Promise<number> {
  const shipped = readFileSync(join(root, 'rego/bundle/portreeve.tar.gz'));
  let turn = 0;
  for (; !ended.aborted; turn += 1) {
    const rows = Array.from({ length: 50 }, (_, index) => ({
      device_id: deviceId(`meter/churned-${(turn * 50 + index) % 500}`),
      ...{ status: 'active', class: 'meter', owner: `turn ${turn}` },
    }));
    await world.importDevices(rows);
    const serial = (0x7000_0000 + turn).toString(16);
    await world.importCrl('fleet', { revoked: [{ serial, at: Date.now() - 3_600_000 }] });
    if (turn % 3 === 0) {
      writeFileSync(`${bundle}.new`, changed(shipped, { revision: `turn-${turn}` }));
      renameSync(`${bundle}.new`, bundle);
    }
    await pause(1000, undefined, { signal: ended }).catch(() => undefined);
  }
  return turn;
}

/** Ends the server, and answers what its worker noted: the 99th percentile of its event loop's delay (ms). */
async function loopDelayOf(server: Server, worker: number, folder: string): Promise<number> {
  await server.stop();
  return Number(readFileSync(join(folder, String(worker)), 'utf8'));
}

/** Growth a second by least squares, and how far single values are off that line (standard deviation). */
function slopeOf(points: readonly (readonly [at: number, value: number])[]): {
  readonly slope: number;
  readonly off: number;
} {
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const [at, value] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))];
  const spread = points.reduce((sum, [x]) => sum + (x - at) ** 2, 0);
  const slope = points.reduce((sum, [x, y]) => sum + (x - at) * (y - value), 0) / spread;
  return {
    slope,
    off: Math.sqrt(mean(points.map(([x, y]) => (y - value - slope * (x - at)) ** 2))),
  };
}

test(`at half load, with devices, CRLs and policies changing all the time, nothing grows (${length} s)`, async (t) => {
  t.timeout((length + 120) * 1000);
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-soak-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const bundle = join(folder, 'policy.tar.gz');
  writeFileSync(bundle, readFileSync(join(root, 'rego/bundle/portreeve.tar.gz')));
  const world = await makeWorld({
    now: Date.now(),
    configure: forServer((document) => {
      document.policy = { bundle };
      // Half an hour makes some 40 GB: the oldest go meanwhile.
      document.audit = { path: 'audit/log', max_bytes: 2_000_000_000 };
    }),
  });
  t.teardown(world.close);
  const server = await startServer(t, world.configFile, {
    env: { LOOP_DELAY_FOLDER: folder },
    preload: [join(import.meta.dirname, '../helpers/note-loop-delay.ts')],
    decisions: false,
  });
  const { digest } = (await server.status()).bundle;
  const requests = await requestsOf(world, ['meter/1', 'sensor/1']);
  const address = server.address('local');
  const load = { address, connections: [{ requests }, { requests }], judge: judgeCheck };
  const patience = { timeoutMs: 5000, mostPending: 200 };
  const peak = await storm({ ...load, ...patience, perSecond: { parallel: 16 }, seconds: 2 });

  const ended = new AbortController();
  const changes = churn(world, bundle, ended.signal);
  const begun = performance.now();
  const samples: Sample[] = [];
  const timer = setInterval(() => {
    void sample(server, begun).then(
      (one) => void samples.push(one),
      () => undefined,
    );
  }, 500);
  const half = await storm({ ...load, ...patience, perSecond: peak.fates.allowed / 4, seconds: length });
  clearInterval(timer);
  ended.abort();
  const turns = await changes;

  // What is kept has its size by then, and heaps have grown to theirs.
  const settled = samples.filter(({ atS }) => atS > length / 3);
  const [first, last] = [settled[0], settled.at(-1)];
  if (!first || !last) throw new Error('nothing was measured');
  t.log(`${JSON.stringify(half.fates)}; ${turns} changes each; from ${JSON.stringify(first)}`);
  t.log(`to ${JSON.stringify(last)}`);
  t.is(half.fates.denied + half.fates.failed + half.fates.lost, 0, JSON.stringify(half.reasons));
  t.true(half.fates.allowed >= 0.95 * half.wanted, JSON.stringify(half.fates));
  const { workers, bundle: inForce } = await server.status();
  t.is(workers[0]?.restarts, 0);
  t.true(turns > length / 8);
  t.is(inForce.error, null);
  t.not(inForce.digest, digest, 'the policy was exchanged');
  for (const who of ['worker', 'parent'] as const) {
    t.true(Math.max(...settled.map((one) => one[who].mib)) < 350, `${who}: memory of its own`);
    // A connection of this test's own, and a file that is being read.
    t.true(last[who].files <= first[who].files + 8, `${who}: ${first[who].files} → ${last[who].files} files`);
  }
  t.true(Math.max(...settled.map(({ wasmPages }) => wasmPages)) <= 256, 'pages of WASM memory');
  const delayMs = await loopDelayOf(server, workers[0]?.pid ?? 0, folder);
  t.log(`event loop of the worker: 99th percentile of its delay ${delayMs} ms`);
  t.true(delayMs >= 0);
  // Short, it runs beside other tests; and what takes time says nothing there.
  if (length < 600) return;
  t.true(delayMs < 20, `event loop of the worker: ${delayMs} ms`);
  for (const who of ['worker', 'parent'] as const) {
    const { slope, off } = slopeOf(settled.map((one) => [one.atS, one[who].mib]));
    const grown = slope * (last.atS - first.atS);
    t.log(`${who}: ${grown.toFixed(1)} MiB by the slope, ± ${off.toFixed(1)} MiB from one moment to another`);
    t.true(grown < Math.max(3 * off, 10), `${who}: memory grows by ${slope * 3600} MiB an hour`);
  }
});
