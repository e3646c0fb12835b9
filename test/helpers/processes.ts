import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { Tool } from './skip.ts';
import { root } from './source-files.ts';

/** A child process of a test with everything that it printed. */
export interface Running {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly stop: (signal?: NodeJS.Signals) => Promise<number | null>;
}

/** Starts a program and gathers its output; `stop` sends a signal and answers the exit code (null if it was killed). */
export function start(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Running {
  const child = spawn(command, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  return {
    child,
    output: () => output,
    stop: (signal = 'SIGTERM') => {
      child.kill(signal);
      return ended;
    },
  };
}

const cli = ['--disable-warning=ExperimentalWarning', join(root, 'src/main.ts')];

/** Starts `portreeve` with these arguments. */
export function startPortreeve(args: readonly string[], env: NodeJS.ProcessEnv = {}): Running {
  return start(process.execPath, [...cli, ...args], env);
}

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `portreeve` to its end. */
export function portreeve(
  args: readonly string[],
  options: { readonly input?: string; readonly cwd?: string } = {},
): Ran {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...cli, ...args], {
    cwd: options.cwd ?? root,
    input: options.input ?? '',
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { code: status, stdout, stderr };
}

/** Waits until `condition` answers something; fails with `what` and the output of `running` after `timeoutMs`. */
export async function until<T>(
  what: string,
  condition: () => T | undefined | false | Promise<T | undefined | false>,
  options: { readonly timeoutMs?: number; readonly running?: Running } = {},
): Promise<T> {
  const deadline = performance.now() + (options.timeoutMs ?? 15_000);
  for (;;) {
    const value = await Promise.resolve(condition()).catch(() => undefined);
    if (value !== undefined && value !== false) return value;
    if (performance.now() > deadline)
      throw new Error(`waited in vain: ${what}\n${options.running?.output() ?? ''}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** A real Envoy. */
export function findEnvoy(): Tool {
  return findTool('envoy.sh');
}

/** What a script that finds or fetches a tool prints. */
export function findTool(script: string): Tool {
  const found = spawnSync('sh', [join(root, 'scripts', script)], { encoding: 'utf8' });
  return { path: found.stdout.trim(), lack: found.status === 0 ? undefined : found.stderr.trim() };
}
