import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { LineBlock } from '../../audit/line-block.ts';
import { withEnvironment } from '../../config/environment.ts';
import { channelToWorker } from './channel.ts';
import type { Channel, ToParent, ToWorker } from './channel.ts';
import { nodeFlags } from './node-flags.ts';
import { readRecordPipe, recordPipeFd } from '../records/record-pipe.ts';
import { forkOwn } from '../processes/own-processes.ts';

/** How a worker process came to its end. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface WorkerProcess {
  readonly pid: number;
  readonly channel: Channel<ToWorker>;
  kill(): void;
}

/** The entry of a worker, `.ts` in the checkout and `.js` in the built package. */
const entry = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './worker-main.ts' : './worker-main.js', import.meta.url),
);

/**
 * Keep memory outside the heap small too (`nodeFlags` has what is inside), where the C library is glibc (mallopt(3)): an arena for each thread, and large
 * blocks in between, keep what keys, the store and the compiler gave back.
 */
const memorySettings = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_MMAP_THRESHOLD_: '131072',
  MALLOC_TRIM_THRESHOLD_: '131072',
} as const;

/**
 * Forks one of so many workers. `on.ended` is called exactly once, after its last message. What it prints (libraries do) comes line
 * by line to `on.printed`.
 */
export function forkWorker(
  workers: number,
  on: {
    readonly message: (message: ToParent) => void;
    /** Whole lines of its records; `written` is to be called once they stand in the log. */
    readonly records: (block: LineBlock, written: () => void) => void;
    readonly ended: (ending: Ending) => void;
    readonly printed: (line: string) => void;
  },
): WorkerProcess {
  const child = forkOwn(entry, {
    serialization: 'advanced',
    // The last is the pipe of records.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc', 'pipe'],
    // A group of its own: a terminal's Ctrl-C is for the parent, which drains. The worker ends with its channel.
    detached: true,
    env: withEnvironment(memorySettings),
    // Flags that the parent was given come last, and win. A debugger's port is the parent's; two cannot have it.
    execArgv: [
      ...nodeFlags(workers),
      ...process.execArgv.filter((argument) => !argument.startsWith('--inspect')),
    ],
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) createInterface({ input: stream }).on('line', on.printed);
  }
  const records = child.stdio[recordPipeFd];
  if (records) readRecordPipe(records as Duplex, on.records);
  const channel = channelToWorker(child, {
    message: on.message,
    broken: (error) => {
      on.printed(error.message);
      child.kill('SIGKILL');
    },
  });
  once(child, on.ended);
  return { pid: child.pid ?? 0, channel, kill: () => void child.kill('SIGKILL') };
}

/** `close` comes after `exit` and after the channel has been read to its end; `error` alone means that it never was. */
function once(child: ChildProcess, ended: (ending: Ending) => void): void {
  let told = false;
  const tell = (ending: Ending): void => {
    if (told) return;
    told = true;
    ended(ending);
  };
  child.once('close', (code, signal) => tell({ code, signal }));
  child.once('error', () => {
    if (child.pid === undefined) tell({ code: null, signal: null });
  });
}
