import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { CatalogueResult } from '../../inventory/catalogue-types.ts';
import type { ImportResult } from '../../inventory/import.ts';
import type { EpochMs } from '../../lib/clock.ts';
import { PortreeveError, type ErrorCode } from '../../lib/errors.ts';
import type { Admitted, Admitting } from '../bundles/admit.ts';
import type { Passed, ToTrial } from '../bundles/trial.ts';
import type { CatalogueFileJob } from './import-catalogue-file.ts';
import type { CrlFileJob, CrlOutcome } from './import-crl-file.ts';
import type { DeviceFileJob } from './import-device-file.ts';
import { forkOwn } from '../processes/own-processes.ts';

/** CRLs that are to come into force, and the CAs (DER) that may have issued them. */
interface CrlWork {
  readonly job: CrlFileJob;
  readonly issuers: readonly Uint8Array[];
}

interface DeviceWork {
  readonly job: DeviceFileJob;
}

/** Work that takes longer than a decision may wait for its record; plain data. */
export type OwnWork =
  | ({ readonly is: 'crls' } & CrlWork)
  | ({ readonly is: 'devices' } & DeviceWork)
  | { readonly is: 'catalogue'; readonly job: CatalogueFileJob }
  | { readonly is: 'bundle'; readonly bytes: Uint8Array; readonly admitting: Admitting }
  /** Removes what nobody reads any more, and history of before a time, for about so long (ms). */
  | { readonly is: 'tidy'; readonly budgetMs: number; readonly historyBefore: EpochMs };

/** Work of further processes: to start one holds up a process the longer, the more memory it has. */
export type OthersWork =
  | ({ readonly is: 'trial' } & ToTrial)
  | ({ readonly is: 'large_crls' } & CrlWork)
  | ({ readonly is: 'large_devices' } & DeviceWork);

export type HandWork = OwnWork | OthersWork;

/** What comes of each. */
export interface HandDone {
  readonly crls: CrlOutcome[];
  readonly devices: ImportResult;
  readonly catalogue: CatalogueResult;
  readonly bundle: Admitted;
  readonly tidy: null;
  readonly trial: Passed;
  readonly large_crls: CrlOutcome[];
  readonly large_devices: ImportResult;
}

export interface ToHand {
  readonly id: number;
  readonly storePath: string;
  readonly work: HandWork;
}

export type FromHand =
  /** It waits for a process that it has started. */
  | { readonly is: 'alive' }
  /** What such a process prints. */
  | { readonly is: 'printed'; readonly line: string }
  | { readonly id: number; readonly is: 'done'; readonly result: HandDone[HandWork['is']] }
  | { readonly id: number; readonly is: 'failed'; readonly code: ErrorCode; readonly message: string };

/** A process beside the server's own. */
export interface StoreHand {
  /**
   * Does one piece of work after another; of further processes, several at once. Rejects with what the work throws, and
   * with PDP_CHANNEL_BROKEN where the process ends without an answer, or hangs and is killed: what was in force is in
   * force then, and the next work has another one.
   */
  do<W extends HandWork>(work: W): Promise<HandDone[W['is']]>;
}

export interface OpenHand extends StoreHand {
  /** Begins its process after so long (ms), which the first work has then not to wait for. */
  begin(afterMs: number): void;
  /** Ends it, unfinished. */
  stop(): void;
}

export interface StoreHandOptions {
  readonly storePath: string;
  /** What it prints (libraries do), line by line. */
  readonly log: (line: string) => void;
  /** As `silenceMs`, for tests. */
  readonly silenceMs?: number;
  readonly entry?: string;
}

/** Milliseconds without a word after which a process with work counts as hung: each piece is small. */
const silenceMs = 180_000;

/** The entry of the process, `.ts` in the checkout and `.js` in the built package. */
const entry = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './store-hand-main.ts' : './store-hand-main.js', import.meta.url),
);

interface Asked {
  readonly resolve: (result: never) => void;
  readonly reject: (error: PortreeveError) => void;
}

/**
 * Opens a hand on a store: what would hold up this process, and with it every decision's record, for more than some
 * milliseconds is done there. The process begins with the first work at the latest, and stays.
 */
export function openStoreHand(o: StoreHandOptions): OpenHand {
  const asked = new Map<number, Asked>();
  let child: ChildProcess | undefined;
  let [last, why, stopped] = [0, '', false];
  let [hung, beginning]: (NodeJS.Timeout | undefined)[] = [];

  const kill = (because: string): void => {
    why = because;
    child?.kill('SIGKILL');
  };
  const wait = (): void => {
    clearTimeout(hung);
    const silence = o.silenceMs ?? silenceMs;
    const late = `it was killed, because it told nothing for ${silence} ms`;
    if (asked.size > 0) hung = setTimeout(() => kill(late), silence);
  };
  const broken = (detail: string): PortreeveError =>
    new PortreeveError(
      'PDP_CHANNEL_BROKEN',
      `the process that works on the store: ${why} (${detail}); what was in force stays`,
    );
  const ended = (from: ChildProcess, detail: string): void => {
    if (child !== from) return;
    child = undefined;
    const error = broken(detail);
    for (const { reject } of asked.values()) reject(error);
    asked.clear();
    clearTimeout(hung);
  };
  const answered = (answer: Exclude<FromHand, { is: 'alive' | 'printed' }>): void => {
    const one = asked.get(answer.id);
    asked.delete(answer.id);
    if (answer.is === 'done') one?.resolve(answer.result as never);
    else one?.reject(new PortreeveError(answer.code, answer.message));
  };
  const start = (): ChildProcess => {
    why = 'it ended without an answer';
    const started = forked(o);
    started.on('message', (message: FromHand) => {
      if (message.is === 'printed') return o.log(message.line);
      if (message.is !== 'alive') answered(message);
      wait();
    });
    started.once('close', (code, signal) => ended(started, signal ?? `exit code ${code}`));
    started.once('error', (error) => {
      if (started.pid === undefined) ended(started, error.message);
    });
    return started;
  };
  return {
    begin: (afterMs) => {
      beginning = setTimeout(() => (child ??= start()), afterMs).unref();
    },
    do: (work) =>
      new Promise((resolve, reject) => {
        if (stopped) return reject(broken('the server ends'));
        child ??= start();
        const id = ++last;
        asked.set(id, { resolve, reject });
        wait();
        // Where it cannot be sent, the process ends, and that is told.
        child.send({ id, storePath: o.storePath, work } satisfies ToHand, () => undefined);
      }),
    stop: () => {
      stopped = true;
      clearTimeout(beginning);
      kill('it was stopped');
    },
  };
}

function forked({ entry: other = entry, log }: StoreHandOptions): ChildProcess {
  const child = forkOwn(other, {
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // A group of its own, as workers have: a terminal's Ctrl-C is for the parent.
    detached: true,
    execArgv: process.execArgv.filter((argument) => !argument.startsWith('--inspect')),
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) createInterface({ input: stream }).on('line', log);
  }
  return child;
}
