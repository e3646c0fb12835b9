/**
 * Profiles one process of a server while it is asked as fast as it answers: a flame graph (SVG), V8's own profile, and
 * tables of what rooms, functions and files took by themselves, for each call. The profiler is attached after warming up,
 * so that starting is not in it.
 * Usage: node bench/profile/run.ts [--process worker|parent] [--kind cpu|alloc] [--ask ROW] [--seconds N] [--rows N]
 *   [--out DIR]
 *   --ask warm, cold, denied or any other row of bench/load/rows.ts that one of our servers answers; --rows of each table
 * Files go to .portreeve/profile, or to --out.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { makeBodies } from '../load/bodies.ts';
import { mainThreadCpuMicros, ownCpuMicros } from '../load/cpu-time.ts';
import { startOurs, variants } from '../load/ours.ts';
import { freePort, pinToLoadCore, startNode, workersOf } from '../load/processes.ts';
import { ask, bodiesOf, warmUp } from '../load/rounds.ts';
import { rows } from '../load/rows.ts';
import { makeWorld } from '../load/world.ts';
import { flameGraph } from './flame-graph.ts';
import { attach, inspectable, type Inspector } from './inspector.ts';
import { textTables } from './text.ts';
import {
  busyTotal,
  cpuTree,
  heapTree,
  scaled,
  type CpuProfile,
  type Frame,
  type HeapProfile,
} from './tree.ts';

const root = join(import.meta.dirname, '../..');
const { values } = parseArgs({
  options: {
    process: { type: 'string', default: 'worker' },
    kind: { type: 'string', default: 'cpu' },
    ask: { type: 'string', default: 'warm' },
    seconds: { type: 'string', default: '8' },
    rows: { type: 'string', default: '40' },
    out: { type: 'string', default: join(root, '.portreeve/profile') },
  },
});
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const seconds = Number(values.seconds);
const name = `${values.process}-${values.kind}-${values.ask}`;
const row = rows.find(({ name }) => name === values.ask);
const variant = variants.find(({ name }) => name === row?.server);
if (!row || !variant) throw new Error(`--ask ${values.ask}: no row that our servers answer`);

pinToLoadCore();
say('profile: making devices and certificates');
const world = await makeWorld(Date.now());
const maker = await makeBodies(world);
const sinkPort = await freePort();
const sinkLog = join(world.folder, 'sink.log');
const sink = startNode(['bench/load/otlp-sink.ts', String(sinkPort)], { log: sinkLog, core: 'load' });
const observed = { ...variant, env: { NODE_OPTIONS: inspectable } };
const server = await startOurs(world, observed, `http://127.0.0.1:${sinkPort}`, maker.warm[0] as Buffer);
const measuring = { maker, contestants: new Map([[row.server, server]]), calls: 2000 };
try {
  say('profile: warming up');
  await warmUp({ ...row, share: 1 }, measuring, 16_000);
  const { pid: parent, log } = server.running;
  const pid = values.process === 'parent' ? parent : workersOf(parent)[0];
  if (pid === undefined) throw new Error('the server has no worker');
  const inspector = await attach(pid, log);
  say(`profile: ${values.process} (process ${pid}), ${values.kind}, ${seconds} s`);
  write(await (values.kind === 'alloc' ? allocations(inspector) : processor(inspector, pid)));
  inspector.close();
} finally {
  server.client.close();
  await server.running.stop();
  await sink.stop();
  for (const folder of [world.folder, `${world.folder}-${variant.name}`])
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

interface Taken {
  readonly tree: Frame;
  readonly raw: object;
  /** What else is told above the tables. */
  readonly told: string;
  readonly calls: number;
  readonly failed: number;
}

/** Samples are taken by the clock; they are scaled to the processor time that the main thread really had. */
async function processor(inspector: Inspector, pid: number): Promise<Taken> {
  await inspector.send('Profiler.enable');
  await inspector.send('Profiler.setSamplingInterval', { interval: 200 });
  await inspector.send('Profiler.start');
  const [mainBefore, allBefore] = [mainThreadCpuMicros(pid), ownCpuMicros(pid)];
  const asked = await load();
  const [main, all] = [mainThreadCpuMicros(pid) - mainBefore, ownCpuMicros(pid) - allBefore];
  const { profile } = await inspector.send<{ profile: CpuProfile }>('Profiler.stop');
  const tree = cpuTree(profile);
  const a = (micros: number): string => (micros / asked.calls).toFixed(1);
  const told = `main thread ${a(main)} µs of CPU a decision with the profiler's own work, other threads ${a(all - main)} µs`;
  return { tree: scaled(tree, main / busyTotal(tree)), raw: profile, told, ...asked };
}

async function allocations(inspector: Inspector): Promise<Taken> {
  await inspector.send('HeapProfiler.enable');
  await inspector.send('HeapProfiler.startSampling', {
    samplingInterval: 8192,
    // Else only what still lives would be told of: garbage is what is looked for.
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  });
  const asked = await load();
  const { profile } = await inspector.send<{ profile: HeapProfile }>('HeapProfiler.stopSampling');
  return { tree: heapTree(profile), raw: profile, told: 'collected objects count too', ...asked };
}

/** Asks for the time wanted, and waits for what follows the answers. */
async function load(): Promise<{ calls: number; failed: number }> {
  if (!row) throw new Error('there is nothing to ask');
  const until = performance.now() + seconds * 1000;
  let [calls, failed] = [0, 0];
  while (performance.now() < until) {
    const decisions = Math.ceil(1000 / row.decisions) * row.decisions;
    failed += await ask(row, measuring, decisions, bodiesOf(row, measuring, decisions));
    calls += decisions;
  }
  await pause(500);
  return { calls, failed };
}

function write({ tree, raw, told, calls, failed }: Taken): void {
  mkdirSync(values.out, { recursive: true });
  const to = (ending: string): string => join(values.out, `${name}${ending}`);
  const unit = values.kind === 'alloc' ? 'bytes' : 'µs';
  const title = `${values.process}, ${values.kind}, ${values.ask}: ${calls} decisions`;
  const text = `${title}, ${failed} failed\n${told}\n\n${textTables(tree, { unit, calls, rows: Number(values.rows) })}`;
  writeFileSync(to(values.kind === 'alloc' ? '.heapprofile' : '.cpuprofile'), JSON.stringify(raw));
  writeFileSync(to('.svg'), flameGraph(tree, { title, unit, calls }));
  writeFileSync(to('.txt'), text);
  process.stdout.write(`${text}\n${to('.svg')}\n`);
  if (failed > 0) process.exitCode = 1;
}
