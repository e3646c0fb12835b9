import { Worker, type MessagePort } from 'node:worker_threads';
import { asPortreeveError, PortreeveError, type ErrorCode } from '../../lib/errors.ts';
import { runCases } from './run.ts';
import type { CaseOutcome, LoadedCase, RunOptions } from './types.ts';

export interface ThreadedRun extends RunOptions {
  /** The entry of a thread, which calls `serveCases`. */
  readonly thread: URL;
  /** Most threads, this one included. */
  readonly jobs: number;
}

/** What a thread is begun with. */
export interface CaseThreadData extends Pick<RunOptions, 'bundle' | 'cache' | 'failFast'> {
  readonly cases: readonly LoadedCase[];
}

type FromThread =
  | { readonly is: 'outcome'; readonly outcome: CaseOutcome }
  | { readonly is: 'end' }
  | { readonly is: 'failed'; readonly code: ErrorCode; readonly message: string };

/** Cases for which a thread is worth its start: loading the program takes as long as deciding some thousand of them. */
const worthwhile = 1500;

/** How many threads so many cases are worth, of at most `most`. */
export function worthwhileJobs(cases: number, most: number): number {
  return Math.max(1, Math.min(most, Math.floor(cases / worthwhile)));
}

/**
 * As `runCases`, by several threads: this one takes the first part of the cases, each other one a further part. Outcomes
 * come in the order of the cases, whoever decided them. Throws what a thread throws, and PDP_INTERNAL where one ends by
 * itself. No thread is left.
 */
export async function* runCasesInThreads(
  cases: readonly LoadedCase[],
  { thread, jobs, ...options }: ThreadedRun,
): AsyncGenerator<CaseOutcome, void> {
  const parts = divided(cases, jobs);
  const { bundle, cache, failFast } = options;
  const others = parts.slice(1).map(
    (part) =>
      new CaseThread(thread, {
        ...{ cases: part, bundle },
        ...(cache !== undefined && { cache }),
        ...(failFast && { failFast }),
      }),
  );
  try {
    for (const outcomes of [runCases(parts[0] ?? [], options), ...others.map((one) => one.outcomes())]) {
      for await (const outcome of outcomes) {
        yield outcome;
        if (failFast && (outcome.status === 'failed' || outcome.status === 'error')) return;
      }
    }
  } finally {
    await Promise.all(others.map((one) => one.end()));
  }
}

/** Consecutive parts of about the same size. */
function divided(cases: readonly LoadedCase[], parts: number): readonly (readonly LoadedCase[])[] {
  const count = Math.max(1, Math.min(parts, cases.length));
  return Array.from({ length: count }, (_, index) =>
    cases.slice(Math.floor((index * cases.length) / count), Math.floor(((index + 1) * cases.length) / count)),
  );
}

/** Decides in a thread what it was begun with, and tells each outcome. */
export async function serveCases(
  port: MessagePort,
  { cases, ...rest }: CaseThreadData,
  around: Pick<RunOptions, 'compose' | 'clock'>,
): Promise<void> {
  const tell = (message: FromThread) => port.postMessage(message);
  try {
    for await (const outcome of runCases(cases, { ...rest, ...around })) tell({ is: 'outcome', outcome });
    tell({ is: 'end' });
  } catch (thrown) {
    const { code, message } = asPortreeveError(thrown);
    tell({ is: 'failed', code, message });
  }
}

class CaseThread {
  readonly #worker: Worker;
  readonly #messages: FromThread[] = [];
  #wake: () => void = () => undefined;

  constructor(entry: URL, data: CaseThreadData) {
    this.#worker = new Worker(entry, { workerData: data });
    this.#worker.on('message', (message: FromThread) => this.#take(message));
    this.#worker.on('error', (thrown) => {
      const { code, message } = asPortreeveError(thrown);
      this.#take({ is: 'failed', code, message });
    });
    this.#worker.on('exit', () =>
      this.#take({
        is: 'failed',
        code: 'PDP_INTERNAL',
        message: 'a thread that decides cases ended by itself',
      }),
    );
  }

  async *outcomes(): AsyncGenerator<CaseOutcome, void> {
    for (;;) {
      const message = this.#messages.shift();
      if (message === undefined) await new Promise<void>((resolve) => (this.#wake = resolve));
      else if (message.is === 'outcome') yield message.outcome;
      else if (message.is === 'end') return;
      else throw new PortreeveError(message.code, message.message);
    }
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #take(message: FromThread): void {
    this.#messages.push(message);
    this.#wake();
  }
}
