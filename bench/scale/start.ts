/**
 * How long a server takes from its start to its first right answer over much state: one over a large inventory and
 * long CRLs beside one over a thousand devices, started in turn in one run. `ready` is from the start of the process
 * until `/readyz` answers 200, `decided` until a device is allowed, `cpu` what its processes took for that; with `--cold` the store's pages are dropped from
 * the system's memory before each start. `--keep FOLDER` keeps the fleets there, and takes them from there.
 * What Node.js has compiled is kept between starts, as `bin/portreeve` has it; the first start of each fills that, uncounted.
 * Usage: node bench/scale/start.ts [--devices N] [--revoked N] [--issuers N] [--starts N] [--cold] [--keep FOLDER]
 * Goal: decided ≤ 2 s over the large one, median. Exit 1 where it is missed.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { LoadClient } from '../load/client.ts';
import { cpuMicros } from '../load/cpu-time.ts';
import { readAnswer, requestMaker } from './asking.ts';
import { count, median, publish, root, rounded, say } from './figures.ts';
import { makeFleet, makePki, type Pki } from './fleet.ts';
import { freePort, pinToSecondCore, startServer } from './servers.ts';

const { values } = parseArgs({
  options: {
    devices: { type: 'string', default: '200000' },
    revoked: { type: 'string', default: '100000' },
    issuers: { type: 'string', default: '10' },
    starts: { type: 'string', default: '5' },
    cold: { type: 'boolean', default: false },
    keep: { type: 'string' },
  },
});
const [devices, revoked, issuers] = [count(values.devices), count(values.revoked), count(values.issuers)];
const starts = count(values.starts);
const goalMs = 2000;
process.env['NODE_COMPILE_CACHE'] ??= join(root, '.tools/compile-cache');
const now = Date.now();
const folder = values.keep ?? mkdtempSync(join(tmpdir(), 'portreeve-start-'));
mkdirSync(folder, { recursive: true });

interface Side {
  readonly name: 'large' | 'small';
  readonly configFile: string;
  readonly state: string;
  readonly port: number;
  readonly adminPort: number;
  /** A request of a device that is allowed. */
  readonly body: Buffer;
  readonly readyMs: number[];
  readonly decidedMs: number[];
  readonly cpuMs: number[];
}

/** What a kept fleet is asked with again: ports are in its configuration. */
interface Kept {
  readonly devices: number;
  readonly revoked: number;
  readonly port: number;
  readonly adminPort: number;
  readonly body: string;
}

async function prepare(
  name: Side['name'],
  size: number,
  listed: number,
  pki: () => Promise<Pki>,
): Promise<Side> {
  const at = join(folder, name);
  const keptFile = join(at, 'kept.json');
  if (!existsSync(keptFile)) {
    const [port, adminPort] = [await freePort(), await freePort()];
    const began = performance.now();
    const made = await pki();
    await makeFleet({ folder: at, port, adminPort, pki: made, devices: size, revoked: listed, now });
    const body = (await requestMaker(made, 1, now))(size - 1, 1).toString('base64');
    writeFileSync(keptFile, JSON.stringify({ devices: size, revoked: listed, port, adminPort, body }));
    say(
      `start: ${name}: ${size} devices, ${listed} revoked, made in ${Math.round((performance.now() - began) / 1000)} s`,
    );
  }
  const kept = JSON.parse(readFileSync(keptFile, 'utf8')) as Kept;
  if (kept.devices !== size || kept.revoked !== listed)
    throw new Error(`${at} is of ${kept.devices} devices and ${kept.revoked} revoked`);
  return {
    ...{ name, port: kept.port, adminPort: kept.adminPort, body: Buffer.from(kept.body, 'base64') },
    ...{
      configFile: join(at, 'portreeve.yaml'),
      state: join(at, 'state.db'),
      readyMs: [],
      decidedMs: [],
      cpuMs: [],
    },
  };
}

/** Drops a file's pages from the system's memory, as after a boot. */
function dropPages(file: string): void {
  spawnSync('sync', ['-f', file]);
  spawnSync('dd', [`if=${file}`, 'iflag=nocache', 'count=0', 'status=none']);
}

async function startOnce(side: Side, counted = true): Promise<void> {
  if (values.cold) dropPages(side.state);
  const began = performance.now();
  const server = await startServer(side.configFile, side.adminPort, { pinned: true });
  const client = new LoadClient(`127.0.0.1:${side.port}`, 1);
  const answer = readAnswer(await client.call(side.body));
  const decidedMs = performance.now() - began;
  const cpuMs = cpuMicros(server.pid) / 1000;
  client.close();
  await server.stop();
  if (!answer.allowed) throw new Error(`${side.name}: denied with ${answer.reason}`);
  if (!counted) return;
  side.cpuMs.push(cpuMs);
  side.readyMs.push(server.readyMs);
  side.decidedMs.push(decidedMs);
  say(
    `start: ${side.name}: ready after ${Math.round(server.readyMs)} ms, decided after ${Math.round(decidedMs)} ms`,
  );
}

try {
  let made: Promise<Pki> | undefined;
  const pki = (): Promise<Pki> => (made ??= makePki(issuers, now));
  const sides = [
    await prepare('large', devices, revoked, pki),
    await prepare('small', 1000, 1000, pki),
  ] as const;
  const [large] = sides;
  const pinned = pinToSecondCore();
  for (const side of sides) await startOnce(side, false);
  for (let start = 0; start < starts; start += 1)
    for (const side of start % 2 === 0 ? sides : sides.toReversed()) await startOnce(side);
  const told = (all: readonly number[]): object => ({
    median: rounded(median(all), 0),
    all: all.map((ms) => rounded(ms, 0)),
  });
  const figures = {
    ...{ unit: 'ms', pinned, devices, revoked, crls: issuers, cold: values.cold },
    store_mb: Math.round(statSync(large.state).size / 1e6),
    ready: Object.fromEntries(sides.map(({ name, readyMs }) => [name, told(readyMs)])),
    cpu: Object.fromEntries(sides.map(({ name, cpuMs }) => [name, told(cpuMs)])),
    decided: Object.fromEntries(sides.map(({ name, decidedMs }) => [name, told(decidedMs)])),
    goal_ms: goalMs,
  };
  const command = `node bench/scale/start.ts --devices ${devices} --revoked ${revoked} --issuers ${issuers} --starts ${starts}${values.cold ? ' --cold' : ''}`;
  publish('start', command, figures, median(large.decidedMs) > goalMs ? ['decided'] : []);
} finally {
  if (values.keep === undefined) rmSync(folder, { recursive: true, force: true });
}
