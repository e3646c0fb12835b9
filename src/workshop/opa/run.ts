import { spawn, spawnSync } from 'node:child_process';
import { PortreeveError } from '../../lib/errors.ts';
import type { Opa } from './find.ts';

export interface OpaRun {
  /** The folder that relative paths are of. */
  readonly cwd: string;
  /** Standard input. */
  readonly input?: string | Uint8Array;
  /** Ends the process. */
  readonly signal?: AbortSignal;
}

/** What a run of `opa` came to; a status other than 0 is the caller's to judge. */
export interface OpaResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Bytes of output that are taken. */
const mostOutput = 512 * 1024 * 1024;

/**
 * Runs `opa` and waits for its end without holding up others. Its environment is ours without what would colour or
 * redirect it. Throws PDP_OPA_UNAVAILABLE where it cannot be started or is ended by a signal.
 */
export function runOpa(opa: Opa, args: readonly string[], run: OpaRun): Promise<OpaResult> {
  return new Promise((done, fail) => {
    const child = spawn(opa.path, args, { cwd: run.cwd, signal: run.signal, stdio: 'pipe' });
    const [stdout, stderr]: [Uint8Array[], Uint8Array[]] = [[], []];
    let size = 0;
    const keep = (into: Uint8Array[]) => (chunk: Uint8Array) => {
      size += chunk.byteLength;
      if (size <= mostOutput) into.push(chunk);
      else child.kill('SIGKILL');
    };
    child.stdout.on('data', keep(stdout));
    child.stderr.on('data', keep(stderr));
    child.on('error', (cause) => fail(unavailable(opa, cause)));
    // One that ends before it has read its input is told by its status.
    child.stdin.on('error', () => undefined);
    child.on('close', (status, signal) => {
      if (status === null) fail(unavailable(opa, new Error(`ended by ${signal ?? 'a signal'}`)));
      else done({ status, stdout: textOf(stdout), stderr: textOf(stderr) });
    });
    child.stdin.end(run.input ?? '');
  });
}

/** As `runOpa`, holding up this thread until the end: for compiling, which everything else waits for anyway. */
export function runOpaSync(opa: Opa, args: readonly string[], run: Omit<OpaRun, 'signal'>): OpaResult {
  const ran = spawnSync(opa.path, args, {
    cwd: run.cwd,
    input: run.input ?? '',
    encoding: 'utf8',
    maxBuffer: mostOutput,
  });
  if (ran.status === null) throw unavailable(opa, ran.error ?? new Error(`ended by ${ran.signal}`));
  return { status: ran.status, stdout: ran.stdout, stderr: ran.stderr };
}

function textOf(chunks: readonly Uint8Array[]): string {
  return Buffer.concat(chunks).toString();
}

function unavailable(opa: Opa, cause: Error): PortreeveError {
  return new PortreeveError('PDP_OPA_UNAVAILABLE', `${opa.path}: ${cause.message}`, { cause });
}
