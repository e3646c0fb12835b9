/**
 * Profiles one process of a server while it is asked as fast as it answers: a flame graph (SVG), V8's own profile, and
 * tables of what rooms, functions and files took by themselves, for each call. The profiler is attached after warming up,
 * so that starting is not in it.
 * Usage: node bench/profile/run.ts [--process worker|parent] [--kind cpu|alloc] [--ask warm|moved|cold]
 *   [--seconds N] [--rows N] [--out DIR]
 * Files go to .portreeve/profile, or to --out.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { LoadClient } from '../load/client.ts';
import { mainThreadCpuMicros, ownCpuMicros } from '../load/cpu-time.ts';
import { makeBenchFleet } from '../load/fleet.ts';
import { freePort, pinToLoadCore, startNode, untilAnswered, workersOf } from '../load/processes.ts';
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
const unseen = Math.ceil(seconds * 2000);

pinToLoadCore();
const port = await freePort();
say('profile: making certificates');
const counts = {
  warm: 200,
  moved: values.ask === 'moved' ? 20_000 : 0,
  cold: values.ask === 'cold' ? unseen : 0,
};
const fleet = await makeBenchFleet(port, counts, Date.now());
const bodies = fleet[values.ask as 'warm' | 'moved' | 'cold'];
const server = startNode(['src/main.ts', 'serve', '--config', fleet.configFile], {
  log: join(fleet.folder, 'server.log'),
  env: { NODE_OPTIONS: inspectable },
});
const client = new LoadClient(`127.0.0.1:${port}`, 4);
try {
  await untilAnswered(server, () => client.call(fleet.warm[0] as Buffer));
  say('profile: warming up');
  await client.run(fleet.warm, 20_000, 32);
  const pid = values.process === 'parent' ? server.pid : workersOf(server.pid)[0];
  if (pid === undefined) throw new Error('the server has no worker');
  const inspector = await attach(pid, server.log);
  say(`profile: ${values.process} (process ${pid}), ${values.kind}, ${seconds} s`);
  write(await (values.kind === 'alloc' ? allocations(inspector) : processor(inspector, pid)));
  inspector.close();
} finally {
  client.close();
  await server.stop();
  rmSync(fleet.folder, { recursive: true, force: true });
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
  const asked = await ask();
  const [main, all] = [mainThreadCpuMicros(pid) - mainBefore, ownCpuMicros(pid) - allBefore];
  const { profile } = await inspector.send<{ profile: CpuProfile }>('Profiler.stop');
  const tree = cpuTree(profile);
  const a = (micros: number): string => (micros / asked.calls).toFixed(1);
  const told = `main thread ${a(main)} µs of CPU a call with the profiler's own work, other threads ${a(all - main)} µs`;
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
  const asked = await ask();
  const { profile } = await inspector.send<{ profile: HeapProfile }>('HeapProfiler.stopSampling');
  return { tree: heapTree(profile), raw: profile, told: 'collected objects count too', ...asked };
}

/** Asks for the time wanted, or until no unseen certificates are left, and waits for what follows the answers. */
async function ask(): Promise<{ calls: number; failed: number }> {
  const until = performance.now() + seconds * 1000;
  let [calls, failed] = [0, 0];
  while (performance.now() < until) {
    const some = values.ask === 'cold' ? bodies.slice(calls, calls + 500) : bodies;
    if (some.length === 0) break;
    const many = values.ask === 'cold' ? some.length : 2000;
    failed += await client.run(some, many, 32);
    calls += many;
  }
  await pause(500);
  return { calls, failed };
}

function write({ tree, raw, told, calls, failed }: Taken): void {
  mkdirSync(values.out, { recursive: true });
  const to = (ending: string): string => join(values.out, `${name}${ending}`);
  const unit = values.kind === 'alloc' ? 'bytes' : 'µs';
  const title = `${values.process}, ${values.kind}, ${values.ask}: ${calls} calls`;
  const text = `${title}, ${failed} failed\n${told}\n\n${textTables(tree, { unit, calls, rows: Number(values.rows) })}`;
  writeFileSync(to(values.kind === 'alloc' ? '.heapprofile' : '.cpuprofile'), JSON.stringify(raw));
  writeFileSync(to('.svg'), flameGraph(tree, { title, unit, calls }));
  writeFileSync(to('.txt'), text);
  process.stdout.write(`${text}\n${to('.svg')}\n`);
  if (failed > 0) process.exitCode = 1;
}
