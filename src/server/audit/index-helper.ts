import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { helperFlags } from '../helpers/crl-helper.ts';
import { forkOwn } from '../processes/own-processes.ts';

export interface ToIndexHelper {
  /** The log's. */
  readonly folder: string;
  readonly maxBytes: number | null;
}

export type FromIndexHelper =
  | { readonly is: 'state'; readonly next: number; readonly size: number; readonly bytes: number }
  | { readonly is: 'failed'; readonly message: string };

/** How the index beside the log stands. */
export interface IndexView {
  /** Entries that it has, from the log's first that it covers; null before it was first looked at. */
  readonly next: number | null;
  readonly bytes: number | null;
  readonly error: string | null;
}

export interface IndexHelper {
  view(): IndexView;
  stop(): void;
}

export interface IndexHelperOptions extends ToIndexHelper {
  readonly log: (line: string) => void;
  /** Before it is started again after it ended (ms). */
  readonly restartMs?: number;
  /** For tests. */
  readonly entry?: string;
}

/** The entry of the helper, `.ts` in the checkout and `.js` in the built package. */
const entry = fileURLToPath(
  new URL(
    import.meta.url.endsWith('.ts') ? './index-helper-main.ts' : './index-helper-main.js',
    import.meta.url,
  ),
);

const restartMs = 30_000;

/**
 * Keeps the index beside a log up with it, in a process of its own that yields to all others. What goes wrong there is
 * told once and changes nothing else: records are found without an index, too.
 */
export function startIndexHelper(options: IndexHelperOptions): IndexHelper {
  const { folder, maxBytes, log } = options;
  let view: IndexView = { next: null, bytes: null, error: null };
  let child: ChildProcess | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const fail = (error: string): void => {
    if (view.error !== error) log(`the index of ${folder} is not kept up: ${error}`);
    view = { ...view, error };
  };
  const start = (): void => {
    const started = forked(options.entry ?? entry, log);
    child = started;
    started.on('message', (message: FromIndexHelper) => {
      if (message.is === 'failed') fail(message.message);
      else view = { next: message.next, bytes: message.bytes, error: null };
    });
    started.once('error', (error) => fail(error.message));
    started.once('exit', (code, signal) => {
      if (stopped) return;
      fail(`its process ended (${signal ?? `exit code ${code}`})`);
      timer = setTimeout(start, options.restartMs ?? restartMs);
      timer.unref();
    });
    // Where it cannot be sent, the process ends, and that is told.
    started.send({ folder, maxBytes } satisfies ToIndexHelper, () => undefined);
  };
  start();
  return {
    view: () => view,
    stop: () => {
      stopped = true;
      clearTimeout(timer);
      child?.kill('SIGKILL');
    },
  };
}

function forked(path: string, log: (line: string) => void): ChildProcess {
  const child = forkOwn(path, {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // A group of its own, as workers have: a terminal's Ctrl-C is for the parent.
    detached: true,
    execArgv: [...process.execArgv.filter((argument) => !argument.startsWith('--inspect')), ...helperFlags],
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) createInterface({ input: stream }).on('line', log);
  }
  return child;
}
