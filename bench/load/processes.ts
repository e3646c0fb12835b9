import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, readdirSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const root = join(import.meta.dirname, '../..');

/** Whether servers can be kept on the first core and everything else on the second. */
export const canPin = cpus().length > 1 && spawnSync('taskset', ['-c', '0', 'true']).status === 0;

/** Keeps this process, all its threads, and what it starts from now on off the servers' core. */
export function pinToLoadCore(): void {
  if (canPin) spawnSync('taskset', ['-acp', '1', String(process.pid)]);
}

export interface Running {
  readonly pid: number;
  /** Where what it says on standard error goes. */
  readonly log: string;
  /** Ends it (SIGTERM, after 15 s SIGKILL) and waits for that. */
  stop(): Promise<void>;
  /** Whether it has ended by itself. */
  ended(): boolean;
}

export interface StartOptions {
  readonly log: string;
  readonly core?: 'server' | 'load';
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Starts a program, by default on the servers' core. */
export function start(command: readonly string[], o: StartOptions): Running {
  const core = o.core === 'load' ? '1' : '0';
  const line = canPin ? ['taskset', '-c', core, ...command] : [...command];
  const log = openSync(o.log, 'a');
  const child = spawn(line[0] as string, line.slice(1), {
    cwd: o.cwd ?? root,
    stdio: ['ignore', 'ignore', log],
    env: { ...process.env, ...o.env },
  });
  closeSync(log);
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  return {
    pid: child.pid ?? 0,
    log: o.log,
    stop: async () => {
      await end(child);
      process.off('exit', kill);
    },
    ended: () => child.exitCode !== null || child.signalCode !== null,
  };
}

/** Starts one of our own TypeScript files under this Node. */
export function startNode(args: readonly string[], o: StartOptions): Running {
  return start([process.execPath, '--disable-warning=ExperimentalWarning', ...args], o);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const late = new AbortController();
  const killing = pause(15_000, undefined, { signal: late.signal }).then(
    () => child.kill('SIGKILL'),
    () => false,
  );
  await gone;
  late.abort();
  await killing;
}

/** Asks every 50 ms until it is answered; fails with the process's log once that has ended, or after 30 s. */
export async function untilAnswered<T>(running: Running, ask: () => Promise<T>): Promise<T> {
  let last: unknown;
  for (let attempt = 0; attempt < 600; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      last = error;
    }
    if (running.ended()) break;
    await pause(50);
  }
  throw new Error(`a server does not answer: ${readFileSync(running.log, 'utf8').slice(-4000)}`, {
    cause: last,
  });
}

/** Children of a process, by all of its threads. */
export function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}

/** Stops a process and all its descendants where they are (SIGSTOP), or lets them go on. */
export function freeze(pid: number, frozen: boolean): void {
  const signal = frozen ? 'SIGSTOP' : 'SIGCONT';
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended.
    return;
  }
  for (const child of childrenOf(pid)) freeze(child, frozen);
}

/** The workers of a server, in the order of their process ids. */
export function workersOf(parent: number): number[] {
  return childrenOf(parent)
    .filter((pid) => commandLine(pid).some((word) => /worker-main\.(ts|js)$/.test(word)))
    .sort((a, b) => a - b);
}

function commandLine(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

/** A port of 127.0.0.1 that nobody listens on now. */
export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
