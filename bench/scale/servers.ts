import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, readdirSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { root, say } from './figures.ts';

/** Whether servers can be kept on one core and everything else on another. */
const canPin = cpus().length > 1 && spawnSync('taskset', ['-c', '0', 'true']).status === 0;

export interface BenchServer {
  readonly pid: number;
  /** Milliseconds from the start of its process until `/readyz` answered 200. */
  readonly readyMs: number;
  status(): Promise<ServerStatus>;
  /** Ends it and waits for that. */
  stop(): Promise<void>;
}

/** The parts of `/status` that are looked at. */
export interface ServerStatus {
  readonly crls: readonly { readonly source: string; readonly number: string | null }[];
  readonly workers: readonly {
    readonly pid: number;
    readonly restarts: number;
    readonly bundle: string | null;
  }[];
}

/** Pins this process to the second core, where servers are kept on the first one. */
export function pinToSecondCore(): boolean {
  if (canPin) spawnSync('taskset', ['-cp', '1', String(process.pid)]);
  return canPin;
}

/** Starts `portreeve serve` and waits until it is ready; `pinned` keeps it on the first core. */
export async function startServer(
  configFile: string,
  adminPort: number,
  { pinned }: { readonly pinned: boolean },
): Promise<BenchServer> {
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', 'src/main.ts'];
  const command = [...(pinned && canPin ? ['taskset', '-c', '0'] : []), ...node];
  // Beside the configuration, where whoever looks for a cause finds it.
  const log = openSync(`${configFile}.log`, 'a');
  const began = performance.now();
  const child = spawn(command[0] as string, [...command.slice(1), 'serve', '--config', configFile], {
    cwd: root,
    stdio: ['ignore', 'ignore', log],
    // As `bin/portreeve` sets it.
    env: { NODE_COMPILE_CACHE: join(root, '.tools/compile-cache'), ...process.env },
  });
  closeSync(log);
  const ended = once(child, 'exit');
  process.once('exit', () => child.kill('SIGKILL'));
  const admin = `http://127.0.0.1:${adminPort}`;
  await untilReady(`${admin}/readyz`, child, { began, log: `${configFile}.log` });
  const readyMs = performance.now() - began;
  return {
    pid: child.pid as number,
    readyMs,
    status: async () => (await (await fetch(`${admin}/status`)).json()) as ServerStatus,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
      // What went wrong meanwhile must not go away with the folder.
      for (const line of readFileSync(`${configFile}.log`, 'utf8').split('\n'))
        if (/worker|records|allowed/.test(line)) say(line);
    },
  };
}

async function untilReady(
  url: string,
  child: ChildProcess,
  { began, log }: { readonly began: number; readonly log: string },
): Promise<void> {
  for (;;) {
    const answer = await fetch(url).catch(() => undefined);
    await answer?.arrayBuffer();
    if (answer?.status === 200) return;
    if (child.exitCode !== null) throw new Error(readFileSync(log, 'utf8'));
    if (performance.now() - began > 120_000) throw new Error('the server was not ready within 120 s');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Anonymous memory (RssAnon of /proc/PID/status) in MB of a process and each of its descendants. */
export function anonymousMb(rootPid: number): number[] {
  const pids = [rootPid];
  for (const pid of pids) pids.push(...childrenOf(pid));
  return pids.flatMap((pid) => {
    try {
      const kib = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
      return kib === undefined ? [] : [Math.round((Number(kib) * 1024) / 1e6)];
    } catch {
      return [];
    }
  });
}

function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
