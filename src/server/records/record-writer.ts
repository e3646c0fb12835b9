import { setTimeout as sleep } from 'node:timers/promises';
import { countOf } from '../../audit/line-block.ts';
import type { LineBlock, Lines } from '../../audit/line-block.ts';
import { asPortreeveError, PortreeveError } from '../../lib/errors.ts';
import { conclude, concludeRefused, halvesOf } from './waiting.ts';
import type { Waiting, Written } from './waiting.ts';

/** The log that records are written to, as `audit/` opens it. */
export interface LineLog {
  /** Opens the log before its first record; rejects as `append`. */
  open?(): Promise<unknown>;
  append(lines: readonly Lines[]): void | Promise<void>;
  /** How long (ms) to wait for more before the next `append`; 0 where it says nothing. */
  pauseMs?(): number;
  reopen(): void | Promise<void>;
  /** `complete`: nothing is missing that was to be appended; otherwise the next to open it is told so. */
  close(complete: boolean): void | Promise<void>;
}

export interface RecordWriter {
  /** Finds out before the first record whether the log can be written; never rejects. */
  open(): Promise<void>;
  /** Takes the parent's own lines, to be written in order; never throws. Beyond what may wait they are lost. */
  write(lines: readonly string[]): void;
  /**
   * Takes records of a worker, to be written in order; `written` is called once they stand in the log, all but those
   * that it does not take. No other is lost but by the end of the process: how many may be on their way is the worker's
   * to bound.
   */
  take(block: LineBlock, written: Written): void;
  /** Counts records as lost that never came here, because their workers knew that they could not be written. */
  missed(count: number): void;
  /** Opens the log anew, for whoever has moved it away. */
  reopen(): void;
  /** False from a failed write until one has succeeded again. */
  writable(): boolean;
  readonly stats: { readonly written: number; readonly lost: number; readonly waiting: number };
  lastError(): PortreeveError | undefined;
  /** Writes what is left, once, and closes. */
  close(): Promise<void>;
}

export interface RecordWriterOptions {
  readonly log: LineLog;
  readonly onWritable: (writable: boolean, error: PortreeveError | undefined) => void;
  readonly onWritten: (count: number) => void;
  readonly onLost: (count: number) => void;
  /** Told of a record that the log does not take, and which is lost. */
  readonly onRefused?: (error: PortreeveError) => void;
  /** Between attempts while the log cannot be written (ms). */
  readonly retryMs?: number;
  /** Lines beside which no further ones of the parent's own are kept while the log cannot be written. */
  readonly maxWaiting?: number;
}

function isTooLong(thrown: unknown): thrown is PortreeveError {
  return thrown instanceof PortreeveError && thrown.code === 'PDP_LIMIT_EXCEEDED';
}

/**
 * Writes lines to the log in the order in which they came: what comes while a batch is being written is the next
 * batch. While the log cannot be written, lines are kept and tried again, and `onWritable` tells so, that workers may
 * deny (`audit.on_failure`).
 */
export function createRecordWriter(options: RecordWriterOptions): RecordWriter {
  const { log, retryMs = 500, maxWaiting = 100_000 } = options;
  const stats = { written: 0, lost: 0, waiting: 0 };
  let waiting: Waiting[] = [];
  /** How many of those that wait are tried each by itself. */
  let oneByOne = 0;
  let writing: Promise<void> | undefined;
  let error: PortreeveError | undefined;
  let closing = false;
  let retry: NodeJS.Timeout | undefined;
  let gather: NodeJS.Immediate | undefined;

  const lose = (count: number): void => {
    if (count === 0) return;
    stats.lost += count;
    options.onLost(count);
  };
  const attempt = async (): Promise<void> => {
    if (waiting.length === 0 && !closing) await attemptToOpen();
    while (waiting.length > 0) {
      const pause = closing ? 0 : (log.pauseMs?.() ?? 0);
      if (pause > 0) await sleep(pause);
      const batch = oneByOne > 0 ? waiting.splice(0, 1) : waiting.splice(0);
      try {
        await log.append(batch.map(({ lines }) => lines));
        oneByOne -= 1;
      } catch (thrown) {
        if (isTooLong(thrown)) {
          refused(batch, thrown);
          continue;
        }
        waiting = [...batch, ...waiting];
        failed(asPortreeveError(thrown, 'PDP_AUDIT_UNAVAILABLE'));
        return;
      }
      succeeded(batch);
    }
  };
  const attemptToOpen = async (): Promise<void> => {
    try {
      await log.open?.();
    } catch (thrown) {
      return failed(asPortreeveError(thrown, 'PDP_AUDIT_UNAVAILABLE'));
    }
    if (error) succeeded([]);
  };
  /**
   * One record that no log can hold must not hold up all others, nor take along those that came with it: it is found by
   * itself, and lost.
   */
  const refused = (batch: readonly Waiting[], why: PortreeveError): void => {
    const [one] = batch as readonly [Waiting];
    if (batch.length > 1 || one.count > 1) {
      const parts = batch.length > 1 ? batch : halvesOf(one);
      waiting = [...parts, ...waiting];
      oneByOne = parts.length;
      return;
    }
    oneByOne -= 1;
    stats.waiting -= 1;
    options.onRefused?.(why);
    lose(1);
    concludeRefused(one);
  };
  const succeeded = (batch: readonly Waiting[]): void => {
    let total = 0;
    for (const one of batch) {
      total += one.count;
      conclude(one);
    }
    stats.written += total;
    stats.waiting -= total;
    options.onWritten(total);
    if (!error) return;
    error = undefined;
    options.onWritable(true, undefined);
  };
  const failed = (why: PortreeveError): void => {
    const first = error === undefined;
    error = why;
    if (first) options.onWritable(false, why);
    retry ??= setTimeout(() => {
      retry = undefined;
      run();
    }, retryMs);
  };
  const run = (): void => {
    writing ??= attempt().finally(() => {
      writing = undefined;
      if (waiting.length > 0 && !error) run();
    });
  };
  const keep = (one: Waiting): void => {
    waiting.push(one);
    stats.waiting += one.count;
    if (error || writing) return;
    // What other workers have sent meanwhile goes with it.
    gather ??= setImmediate(() => {
      gather = undefined;
      if (!error) run();
    });
  };

  return {
    stats,
    open: () => {
      run();
      return writing ?? Promise.resolve();
    },
    write: (lines) => {
      const kept = lines.slice(0, Math.max(0, maxWaiting - stats.waiting));
      for (const line of kept) keep({ lines: line, count: 1 });
      lose(lines.length - kept.length);
    },
    take: (block, written) => keep({ lines: block, count: countOf(block), written }),
    missed: lose,
    reopen: () => void log.reopen(),
    writable: () => error === undefined,
    lastError: () => error,
    close: async () => {
      closing = true;
      clearImmediate(gather);
      clearTimeout(retry);
      await writing;
      await attempt();
      clearTimeout(retry);
      const left = stats.waiting;
      lose(left);
      await log.close(left === 0);
    },
  };
}
