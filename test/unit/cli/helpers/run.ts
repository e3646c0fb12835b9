import { spawn } from 'node:child_process';
import { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { runProgram } from '../../../../src/cli/program.ts';
import { readEnvironment } from '../../../../src/config/environment.ts';
import { systemClock } from '../../../../src/lib/clock.ts';

const main = fileURLToPath(new URL('../../../../src/main.ts', import.meta.url));

export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs the real command line in a process of its own, without what this process has in its environment. */
export function portreeve(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...args], {
    cwd: options.cwd ?? '/',
    env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() });
    });
  });
}

/**
 * The same without a process of its own: everything but streams and exit. For what does not depend on either, and is
 * asked often.
 */
export async function portreeveHere(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  const [stdout, stderr] = [gathering(), gathering()];
  const code = await runProgram(args, {
    stdin: Readable.from([Buffer.from(options.input ?? '')]),
    stdout,
    stderr,
    folder: options.cwd ?? '/',
    environment: readEnvironment({ ...options.env }),
    clock: systemClock,
  });
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

function gathering(): Writable & { readonly text: () => string } {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      chunks.push(chunk);
      done();
    },
  });
  return Object.assign(stream, { text: () => Buffer.concat(chunks).toString() });
}

/** The one object that `--json` promises: fails where stdout holds anything else. */
export function onlyObject(run: Run): Record<string, unknown> {
  return JSON.parse(run.stdout) as Record<string, unknown>;
}
