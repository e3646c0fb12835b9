/**
 * What the log of records costs: the same server with `audit.mode` none, relaxed and strict, asked the same in
 * interleaved rounds. CPU time per decision of all processes, and how long answers took (99th percentile), each as a ratio
 * of its round; medians over rounds. The servers are pinned to one core and the load to another (`taskset`); fsync is
 * that of the volume which holds --folder.
 * Usage: node bench/load/audit.ts [--rounds N] [--calls N] [--parallel N] [--modes none,relaxed,strict] [--folder DIR] [--profile DIR]
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { LoadClient } from './client.ts';
import { cpuMicros, ownCpuMicros } from './cpu-time.ts';
import { makeBenchFleet } from './fleet.ts';
import { median, publish, root, rounded, say } from '../scale/figures.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '9' },
    calls: { type: 'string', default: '4000' },
    parallel: { type: 'string', default: '32' },
    modes: { type: 'string', default: 'none,relaxed,strict' },
    folder: { type: 'string', default: tmpdir() },
    profile: { type: 'string' },
  },
});
const [rounds, calls, parallel] = [Number(values.rounds), Number(values.calls), Number(values.parallel)];
const modes = values.modes.split(',');

interface Server {
  readonly mode: string;
  readonly folder: string;
  readonly child: ChildProcess;
  readonly client: LoadClient;
  readonly cpu: number[];
  /** Of that, the parent's. */
  readonly parent: number[];
  readonly p50: number[];
  readonly p99: number[];
}

const pin = spawnSync('taskset', ['-c', '0', 'true']).status === 0 && cpus().length > 1;
if (pin) spawnSync('taskset', ['-cp', '1', String(process.pid)]);
else say('bench: no taskset or one core only: servers and load share cores, trust the ratios less');

say('bench: making certificates');
const firstPort = await freePort();
const fleet = await makeBenchFleet(firstPort, { warm: 200, moved: 0, cold: 0 }, Date.now());
const work = mkdtempSync(join(values.folder, 'portreeve-bench-audit-'));
const servers: Server[] = [];
try {
  for (const mode of modes) servers.push(await startServer(mode));
  say('bench: warming up');
  for (const { client } of servers) await client.run(fleet.warm, 3 * calls, parallel);
  let failed = 0;
  for (let round = 0; round < rounds; round += 1) {
    // Each mode is first as often as the others.
    const order = [...servers.slice(round % servers.length), ...servers.slice(0, round % servers.length)];
    for (const server of order) failed += await measure(server);
    say(
      `bench: round ${round + 1}/${rounds}: ${servers
        .map(({ mode, cpu, p99 }) => `${mode} ${cpu.at(-1)?.toFixed(0)} µs, p99 ${p99.at(-1)?.toFixed(1)} ms`)
        .join('; ')}`,
    );
  }
  report(failed);
} finally {
  for (const { client, child } of servers) {
    client.close();
    child.kill('SIGTERM');
  }
  await new Promise((resolve) => setTimeout(resolve, 2000));
  for (const { child } of servers) child.kill('SIGKILL');
  rmSync(fleet.folder, { recursive: true, force: true });
  rmSync(work, { recursive: true, force: true });
}

async function startServer(mode: string): Promise<Server> {
  const port = await freePort();
  const folder = join(work, mode);
  cpSync(fleet.folder, folder, { recursive: true });
  const configFile = join(folder, 'portreeve.yaml');
  const text = readFileSync(configFile, 'utf8')
    .replaceAll(fleet.folder, folder)
    .replace(`127.0.0.1:${firstPort}`, `127.0.0.1:${port}`)
    .replace(
      'audit: { path: log }',
      mode === 'file'
        ? 'audit: { path: records.ndjson }'
        : `audit: { path: log, key: key.pem, mode: ${mode} }`,
    )
    // A slow volume must show in the times, not as denials.
    .replace('workers: 1', 'budget: 2s\n  workers: 1');
  writeFileSync(configFile, text);
  const node = [
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    'src/main.ts',
    'serve',
    '--config',
    configFile,
  ];
  const command = pin ? ['taskset', '-c', '0', ...node] : node;
  const child = spawn(command[0] as string, command.slice(1), {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      ...(values.profile && { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${join(values.profile, mode)}` }),
    },
  });
  const client = new LoadClient(`127.0.0.1:${port}`, 4);
  await untilAnswered(client, fleet.warm[0] as Buffer);
  return { mode, folder, child, client, cpu: [], parent: [], p50: [], p99: [] };
}

/** One round of one server; answers how many calls failed. */
async function measure({ child, client, cpu, parent, p50, p99 }: Server): Promise<number> {
  const took: number[] = [];
  let [next, failed] = [0, 0];
  const lane = async (index: number): Promise<void> => {
    while (next < calls) {
      const body = fleet.warm[next++ % fleet.warm.length] as Buffer;
      const begun = performance.now();
      await client.call(body, index).catch(() => (failed += 1));
      took.push(performance.now() - begun);
    }
  };
  const before = cpuMicros(child.pid as number);
  const parentBefore = ownCpuMicros(child.pid as number);
  await Promise.all(Array.from({ length: parallel }, (_, index) => lane(index)));
  // What is done for these decisions after they were answered counts too.
  await new Promise((resolve) => setTimeout(resolve, 1200));
  cpu.push((cpuMicros(child.pid as number) - before) / calls);
  parent.push((ownCpuMicros(child.pid as number) - parentBefore) / calls);
  took.sort((a, b) => a - b);
  p50.push(took[Math.floor(took.length * 0.5)] as number);
  p99.push(took[Math.floor(took.length * 0.99)] as number);
  return failed;
}

function report(failed: number): void {
  const of = (mode: string): Server | undefined => servers.find((server) => server.mode === mode);
  const ratio = (a: readonly number[] | undefined, b: readonly number[] | undefined): number | null =>
    a && b ? rounded(median(a.map((value, index) => value / (b[index] as number)))) : null;
  const [none, relaxed, strict] = [of('none'), of('relaxed'), of('strict')];
  const each = servers.map(({ mode, folder, cpu, parent, p50, p99 }) => ({
    mode,
    cpu_us_per_decision: rounded(median(cpu)),
    parent_us_per_decision: rounded(median(parent)),
    p50_ms: rounded(median(p50)),
    p99_ms: rounded(median(p99)),
    log_bytes: mode === 'none' || mode === 'file' ? 0 : bytesBelow(join(folder, 'log', 'tile')),
  }));
  for (const one of each)
    say(
      `${one.mode}: ${one.cpu_us_per_decision} µs CPU a decision (parent ${one.parent_us_per_decision}), p50 ${one.p50_ms} ms, p99 ${one.p99_ms} ms`,
    );
  const ratios = {
    relaxed_cpu_to_none: ratio(relaxed?.cpu, none?.cpu),
    strict_cpu_to_none: ratio(strict?.cpu, none?.cpu),
    strict_p99_to_relaxed: ratio(strict?.p99, relaxed?.p99),
  };
  const goals = { relaxed_cpu_to_none: 1.12, strict_cpu_to_none: 1.2, strict_p99_to_relaxed: 2 } as const;
  const missed = Object.entries(goals).filter(
    ([name, limit]) => (ratios[name as keyof typeof goals] ?? 0) > limit,
  );
  publish(
    'audit',
    `node bench/load/audit.ts --rounds ${rounds} --calls ${calls} --parallel ${parallel}`,
    { pinned: pin, rounds, calls, parallel, failed_calls: failed, servers: each, ...ratios },
    missed.map(([name]) => name),
  );
}

function bytesBelow(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

async function untilAnswered(client: LoadClient, body: Buffer): Promise<void> {
  for (let attempt = 0; attempt < 150; attempt += 1) {
    const answered = await client.call(body).catch(() => undefined);
    if (answered) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('the server did not answer within 15 s');
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
