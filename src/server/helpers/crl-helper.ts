import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { PortreeveError, type ErrorCode } from '../../lib/errors.ts';
import type { CrlProgress } from '../../revocation/stream/import-crl-stream.ts';
import type { CrlFileJob, CrlOutcome } from './import-crl-file.ts';
import { forkOwn } from '../processes/own-processes.ts';

export interface ToCrlHelper {
  readonly storePath: string;
  /** DER of the CA certificates. */
  readonly issuers: readonly Uint8Array[];
  readonly job: CrlFileJob;
}

export type FromCrlHelper =
  | { readonly is: 'progress'; readonly progress: CrlProgress }
  | { readonly is: 'done'; readonly outcomes: CrlOutcome[] }
  | { readonly is: 'failed'; readonly code: ErrorCode; readonly message: string };

/** Milliseconds without a word after which a helper counts as hung; it tells of every few thousand entries, but not while the store counts. */
const silenceMs = 180_000;

/** The entry of a helper, `.ts` in the checkout and `.js` in the built package. */
const entry = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './crl-helper-main.ts' : './crl-helper-main.js', import.meta.url),
);

/** Entries live for a moment: a small nursery (MB) keeps the process small, and costs nothing that can be measured. */
export const helperFlags: readonly string[] = ['--max-semi-space-size=2'];

export interface HelperOptions {
  readonly storePath: string;
  /** DER of the CA certificates. */
  readonly issuers: readonly Uint8Array[];
  readonly job: CrlFileJob;
  /** What it prints (libraries do), line by line. */
  readonly log: (line: string) => void;
  readonly onProgress?: (progress: CrlProgress) => void;
  /** Ends it, unfinished. */
  readonly signal?: AbortSignal;
  /** As `silenceMs`, for tests. */
  readonly silenceMs?: number;
  readonly entry?: string;
}

/**
 * Imports a file of CRLs in a process of its own, so that nobody else waits for it. Throws what `importCrlFile` throws
 * there, and PDP_CHANNEL_BROKEN where the process ends without an answer or hangs and is killed; what was in force
 * is in force then.
 */
export function importInHelper(o: HelperOptions): Promise<CrlOutcome[]> {
  const child = forkOwn(o.entry ?? entry, {
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // A group of its own, as workers have: a terminal's Ctrl-C is for the parent.
    detached: true,
    execArgv: [...process.execArgv.filter((argument) => !argument.startsWith('--inspect')), ...helperFlags],
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) createInterface({ input: stream }).on('line', o.log);
  }
  return new Promise<CrlOutcome[]>((resolve, reject) => {
    follow(child, o, resolve, reject);
    const { storePath, job, issuers } = o;
    const work: ToCrlHelper = { storePath, job, issuers };
    // Where it cannot be sent, the process ends, and that is told.
    child.send(work, () => undefined);
  });
}

function follow(
  child: ChildProcess,
  o: HelperOptions,
  resolve: (outcomes: CrlOutcome[]) => void,
  reject: (error: PortreeveError) => void,
): void {
  let why = 'it ended without an answer';
  const kill = (because: string): void => {
    why = because;
    child.kill('SIGKILL');
  };
  const silence = o.silenceMs ?? silenceMs;
  const hung = (): NodeJS.Timeout =>
    setTimeout(() => kill(`it was killed, because it told nothing for ${silence} ms`), silence);
  let timer = hung();
  const stop = (): void => kill('it was stopped');
  if (o.signal?.aborted) stop();
  o.signal?.addEventListener('abort', stop, { once: true });
  child.on('message', (message: FromCrlHelper) => {
    clearTimeout(timer);
    timer = hung();
    if (message.is === 'progress') o.onProgress?.(message.progress);
    else if (message.is === 'done') resolve(message.outcomes);
    else reject(new PortreeveError(message.code, message.message));
  });
  const ended = (detail: string): void => {
    clearTimeout(timer);
    o.signal?.removeEventListener('abort', stop);
    // Where it has answered, this says nothing any more.
    reject(
      new PortreeveError(
        'PDP_CHANNEL_BROKEN',
        `the process that imports CRLs from ${o.job.name}: ${why} (${detail}); what was in force stays`,
      ),
    );
  };
  child.once('close', (code, signal) => ended(signal ?? `exit code ${code}`));
  child.once('error', (error) => {
    if (child.pid === undefined) ended(error.message);
  });
}
