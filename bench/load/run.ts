/**
 * CPU time per decision of all server processes beside a no-op grpc-js server that answers the same bytes: one run,
 * interleaved rounds, medians, ratios. The servers are pinned to one core and the load to another (`taskset`).
 * Usage: node bench/load/run.ts [--rounds N] [--calls N] [--json] [--profile DIR]
 * --profile writes a V8 CPU profile of each server process into DIR when it ends (numbers are then not to be trusted).
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { LoadClient } from './client.ts';
import { cpuMicros } from './cpu-time.ts';
import { makeBenchFleet } from './fleet.ts';

const root = join(import.meta.dirname, '../..');
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    calls: { type: 'string', default: '4000' },
    json: { type: 'boolean', default: false },
    profile: { type: 'string' },
  },
});
const rounds = Number(values.rounds);
const calls = Number(values.calls);
const parallel = 32;

/** µs of CPU a call, one a round: the same requests again, known certificates from new addresses, unseen certificates. */
type Samples = Record<'noop' | 'warm' | 'moved' | 'cold', number[]>;

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const env = {
  ...process.env,
  ...(values.profile && { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${values.profile}` }),
};
const pin = spawnSync('taskset', ['-c', '0', 'true']).status === 0 && cpus().length > 1;
if (pin) spawnSync('taskset', ['-cp', '1', String(process.pid)]);
else say('bench: no taskset or one core only: server and load share cores, trust the ratios less');

const [oursPort, noopPort] = [await freePort(), await freePort()];
say('bench: making certificates');
const coldCount = rounds * 400;
const counts = { warm: 200, moved: rounds * calls, cold: coldCount };
const fleet = await makeBenchFleet(oursPort, counts, Date.now());
const children: ChildProcess[] = [];

try {
  const ours = start(['src/main.ts', 'serve', '--config', fleet.configFile]);
  const oursClient = new LoadClient(`127.0.0.1:${oursPort}`, 4);
  const answer = await untilAnswered(oursClient, fleet.warm[0] as Buffer);
  const noop = start(['bench/load/noop-server.ts', String(noopPort), answer.toString('base64')]);
  const noopClient = new LoadClient(`127.0.0.1:${noopPort}`, 4);
  await untilAnswered(noopClient, fleet.warm[0] as Buffer);

  say('bench: warming up');
  await oursClient.run(fleet.warm, 4 * calls, parallel);
  await noopClient.run(fleet.warm, 2 * calls, parallel);

  const samples: Samples = { noop: [], warm: [], moved: [], cold: [] };
  let failed = 0;
  const measure = async (
    process: ChildProcess,
    client: LoadClient,
    bodies: readonly Buffer[],
    count: number,
  ): Promise<number> => {
    const before = cpuMicros(process.pid as number);
    failed += await client.run(bodies, count, parallel);
    return (cpuMicros(process.pid as number) - before) / count;
  };
  for (let round = 0; round < rounds; round += 1) {
    samples.noop.push(await measure(noop, noopClient, fleet.warm, calls));
    samples.warm.push(await measure(ours, oursClient, fleet.warm, calls));
    const moved = fleet.moved.slice(round * calls, (round + 1) * calls);
    samples.moved.push(await measure(ours, oursClient, moved, moved.length));
    const unseen = fleet.cold.slice(round * 400, (round + 1) * 400);
    samples.cold.push(await measure(ours, oursClient, unseen, unseen.length));
    say(
      `bench: round ${round + 1}/${rounds}: ${Object.entries(samples)
        .map(([name, all]) => `${name} ${(all.at(-1) as number).toFixed(0)}`)
        .join(', ')} µs`,
    );
  }
  oursClient.close();
  noopClient.close();
  report(samples, failed);
} finally {
  for (const child of children) child.kill('SIGTERM');
  await new Promise((resolve) => setTimeout(resolve, 1500));
  for (const child of children) child.kill('SIGKILL');
  rmSync(fleet.folder, { recursive: true, force: true });
}

function start(args: readonly string[]): ChildProcess {
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', ...args];
  const command = pin ? ['taskset', '-c', '0', ...node] : node;
  const child = spawn(command[0] as string, command.slice(1), {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    env,
  });
  children.push(child);
  return child;
}

async function untilAnswered(client: LoadClient, body: Buffer): Promise<Buffer> {
  for (let attempt = 0; attempt < 150; attempt += 1) {
    try {
      return await client.call(body);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
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

function median(all: readonly number[]): number {
  const sorted = [...all].sort((a, b) => a - b);
  return (
    ((sorted[Math.floor((sorted.length - 1) / 2)] as number) +
      (sorted[Math.ceil((sorted.length - 1) / 2)] as number)) /
    2
  );
}

function report(samples: Samples, failed: number): void {
  // The ratio of a round compares what ran next to each other; the median over rounds is what counts.
  const ratio = (name: Exclude<keyof Samples, 'noop'>): number =>
    median(samples[name].map((value, index) => value / (samples.noop[index] as number)));
  const result = {
    command: `node bench/load/run.ts --rounds ${rounds} --calls ${calls}`,
    commit: spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root }).stdout.toString().trim(),
    node: process.version,
    machine: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
    pinned: pin,
    rounds,
    calls,
    failed_calls: failed,
    cpu_us_per_call: {
      noop: median(samples.noop),
      warm: median(samples.warm),
      moved: median(samples.moved),
      cold: median(samples.cold),
    },
    ratio_to_noop: { warm: ratio('warm'), moved: ratio('moved'), cold: ratio('cold') },
    samples,
  };
  mkdirSync(join(root, 'bench/results'), { recursive: true });
  writeFileSync(join(root, 'bench/results/load.json'), `${JSON.stringify(result, null, 2)}\n`);
  if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else {
    process.stdout.write(
      `CPU per call of all server processes, medians of ${rounds} interleaved rounds of ${calls} calls\n`,
    );
    process.stdout.write(
      `  no-op grpc-js server      ${median(samples.noop).toFixed(0).padStart(6)} µs   1.00\n`,
    );
    process.stdout.write(
      `  portreeve, warm           ${median(samples.warm).toFixed(0).padStart(6)} µs   ${ratio('warm').toFixed(2)}\n`,
    );
    process.stdout.write(
      `  portreeve, new addresses  ${median(samples.moved).toFixed(0).padStart(6)} µs   ${ratio('moved').toFixed(2)}\n`,
    );
    process.stdout.write(
      `  portreeve, unseen leaves  ${median(samples.cold).toFixed(0).padStart(6)} µs   ${ratio('cold').toFixed(2)}\n`,
    );
    process.stdout.write(`  failed calls              ${String(failed).padStart(6)}\n`);
  }
  if (failed > 0) process.exitCode = 1;
}
