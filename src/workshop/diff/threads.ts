import { Worker } from 'node:worker_threads';
import type { RecordBlock } from '../../audit/read-blocks.ts';
import { PortreeveError, asPortreeveError } from '../../lib/errors.ts';
import type { ErrorCode } from '../../lib/errors.ts';
import type { ThreadData } from './thread.ts';
import type { Tally } from './tally.ts';

/** A block on its way to a thread: its memory is handed over. */
export interface ToThread {
  readonly file: string;
  readonly line: number;
  readonly bytes: ArrayBuffer;
}

export type FromThread =
  | { readonly is: 'done'; readonly tally: Tally }
  | { readonly is: 'failed'; readonly code: ErrorCode; readonly message: string };

/** Blocks that a thread has at once: one that it works on, one that waits. */
const mostAtOnce = 2;

/** The entry of a thread, `.ts` in the checkout and `.js` in the built package. */
const entry = new URL(import.meta.url.endsWith('.ts') ? './thread.ts' : './thread.js', import.meta.url);

/**
 * Has blocks decided by threads and hands over what each counted; blocks are not asked for faster than they are worked
 * off. Throws what the threads throw, the first of it, and PDP_INTERNAL where one ends by itself. No thread is left.
 */
export async function judgeInThreads(
  blocks: AsyncIterable<RecordBlock>,
  data: ThreadData,
  count: number,
  onTally: (tally: Tally) => void,
): Promise<void> {
  const threads = Array.from({ length: count }, () => new Thread(data, onTally));
  try {
    for await (const block of blocks) {
      const free = () => threads.toSorted((a, b) => a.busy - b.busy)[0] as Thread;
      while (free().busy >= mostAtOnce) await Promise.race(threads.map((thread) => thread.next()));
      free().give(block);
    }
    while (threads.some(({ busy }) => busy > 0)) {
      await Promise.race(threads.filter(({ busy }) => busy > 0).map((thread) => thread.next()));
    }
  } finally {
    await Promise.all(threads.map((thread) => thread.end()));
  }
}

class Thread {
  busy = 0;
  readonly #worker: Worker;
  readonly #onTally: (tally: Tally) => void;
  #failure: PortreeveError | undefined;
  #wake: (() => void)[] = [];

  constructor(data: ThreadData, onTally: (tally: Tally) => void) {
    this.#onTally = onTally;
    // Records live for a moment: a larger nursery saves a tenth of the time.
    const resourceLimits = { maxYoungGenerationSizeMb: 32 };
    this.#worker = new Worker(entry, { workerData: data, resourceLimits });
    this.#worker.on('message', (message: FromThread) => this.#take(message));
    this.#worker.on('error', (thrown) => this.#fail(asPortreeveError(thrown)));
    this.#worker.on('exit', () =>
      this.#fail(new PortreeveError('PDP_INTERNAL', 'a thread that decides records ended by itself')),
    );
  }

  give({ file, line, bytes }: RecordBlock): void {
    this.busy += 1;
    // Blocks are memory of their own, from its beginning.
    const memory = bytes.buffer as ArrayBuffer;
    this.#worker.postMessage({ file, line, bytes: memory } satisfies ToThread, [memory]);
  }

  /** Resolves with the next answer; rejects once something failed. */
  async next(): Promise<void> {
    if (!this.#failure) await new Promise<void>((resolve) => this.#wake.push(resolve));
    const failure: unknown = this.#failure;
    if (failure instanceof PortreeveError) throw failure;
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #take(message: FromThread): void {
    this.busy -= 1;
    if (message.is === 'done') this.#onTally(message.tally);
    else this.#failure ??= new PortreeveError(message.code, message.message);
    this.#awake();
  }

  #fail(error: PortreeveError): void {
    this.#failure ??= error;
    this.#awake();
  }

  #awake(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const resolve of waiting) resolve();
  }
}
