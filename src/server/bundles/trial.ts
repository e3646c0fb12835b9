import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Config } from '../../config/types.ts';
import { PortreeveError, type ErrorCode } from '../../lib/errors.ts';
import { forkOwn } from '../processes/own-processes.ts';

export interface ToTrial {
  readonly config: Config;
  readonly bytes: Uint8Array;
}

export type FromTrial =
  /** The process has loaded its modules; the bundle is only touched now. */
  | { readonly is: 'ready' }
  | { readonly is: 'passed'; readonly cases: number }
  | { readonly is: 'failed'; readonly code: ErrorCode; readonly message: string };

/** What a bundle has passed. */
export interface Passed {
  /** Cases of its self-test; 0 where it carries none. */
  readonly cases: number;
}

export interface TrialOptions extends ToTrial {
  /** What it prints (libraries do), line by line. */
  readonly log: (line: string) => void;
  /** Ends it, unfinished. */
  readonly signal?: AbortSignal;
  readonly entry?: string;
}

/** The entry of a trial, `.ts` in the checkout and `.js` in the built package. */
const entry = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './trial-main.ts' : './trial-main.js', import.meta.url),
);

/** How long the process may take until it is ready (ms): a busy machine is no fault of the bundle. */
const startMs = 60_000;

/** Besides a policy's own memory, which is limited where it is loaded (MB). */
const memoryFlags: readonly string[] = ['--max-old-space-size=512'];

/**
 * Tries a bundle in a process of its own: that it loads, under this configuration's data, evaluates, and passes the
 * self-test that it carries. One that takes longer than `policy.self_test_timeout` is killed with its process, so that
 * a bundle without end hangs nobody. Throws PDP_BUNDLE_INVALID, PDP_FORMAT_NEWER with what does not hold.
 */
export function tryBundle(o: TrialOptions): Promise<Passed> {
  const child = forkOwn(o.entry ?? entry, {
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // A group of its own, as workers have: a terminal's Ctrl-C is for the parent.
    detached: true,
    execArgv: [...process.execArgv.filter((argument) => !argument.startsWith('--inspect')), ...memoryFlags],
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) createInterface({ input: stream }).on('line', o.log);
  }
  return new Promise<Passed>((resolve, reject) => follow(child, o, resolve, reject));
}

function follow(
  child: ChildProcess,
  { config, bytes, signal }: TrialOptions,
  resolve: (passed: Passed) => void,
  reject: (error: PortreeveError) => void,
): void {
  const limit = config.policy.self_test_timeout;
  let why = 'the process that tries it ended without an answer';
  const kill = (because: string): void => {
    why = because;
    child.kill('SIGKILL');
  };
  let timer = setTimeout(() => kill(`the process that tries it did not start within ${startMs} ms`), startMs);
  const stop = (): void => kill('the process that tries it was stopped');
  if (signal?.aborted) stop();
  signal?.addEventListener('abort', stop, { once: true });
  child.on('message', (message: FromTrial) => {
    clearTimeout(timer);
    if (message.is === 'ready') {
      const late = `its self-test took longer than policy.self_test_timeout (${limit} ms), and was killed`;
      timer = setTimeout(() => kill(late), limit);
      // Where it cannot be sent, the process ends, and that is told.
      child.send({ config, bytes } satisfies ToTrial, () => undefined);
    } else if (message.is === 'passed') resolve({ cases: message.cases });
    else reject(new PortreeveError(message.code, message.message));
  });
  const ended = (detail: string): void => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
    // Where it has answered, this says nothing any more.
    reject(new PortreeveError('PDP_BUNDLE_INVALID', `policy bundle: ${why} (${detail})`));
  };
  child.once('close', (code, killed) => ended(killed ?? `exit code ${code}`));
  child.once('error', (error) => {
    if (child.pid === undefined) ended(error.message);
  });
}
