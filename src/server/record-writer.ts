import { countOf } from '../audit/line-block.ts';
import type { Lines } from '../audit/line-block.ts';
import { release } from '../lib/bytes.ts';
import { asPortreeveError } from '../lib/errors.ts';
import type { PortreeveError } from '../lib/errors.ts';

/** The log that records are written to, as `audit/` opens it. */
export interface LineLog {
  append(lines: readonly Lines[]): void | Promise<void>;
  close(): void | Promise<void>;
}

export interface RecordWriter {
  /** Takes lines to be written in order; never throws. */
  write(lines: readonly Lines[]): void;
  /** Counts records as lost that never came here, because their workers knew that they could not be written. */
  missed(count: number): void;
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
  /** Most time that lines wait for others to be written with (ms). */
  readonly gatherMs?: number;
  /** Between attempts while the log cannot be written (ms). */
  readonly retryMs?: number;
  /** Lines that are kept while the log cannot be written; the newest beyond that are lost, and counted. */
  readonly maxWaiting?: number;
}

/**
 * Writes lines to the log in the order in which they came, in batches. While the log cannot be written, lines are
 * kept and tried again, and `onWritable` tells so, that workers may deny (`audit.on_failure`).
 */
export function createRecordWriter(options: RecordWriterOptions): RecordWriter {
  const { log, gatherMs = 5, retryMs = 500, maxWaiting = 100_000 } = options;
  const stats = { written: 0, lost: 0, waiting: 0 };
  let waiting: Lines[] = [];
  let writing: Promise<void> | undefined;
  let error: PortreeveError | undefined;
  let retry: NodeJS.Timeout | undefined;
  let gather: NodeJS.Timeout | undefined;

  const lose = (count: number): void => {
    if (count === 0) return;
    stats.lost += count;
    options.onLost(count);
  };
  const attempt = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      try {
        await log.append(batch);
      } catch (thrown) {
        waiting = [...batch, ...waiting];
        failed(asPortreeveError(thrown, 'PDP_AUDIT_UNAVAILABLE'));
        return;
      }
      const count = batch.reduce((sum, lines) => sum + countOf(lines), 0);
      stats.written += count;
      stats.waiting -= count;
      for (const lines of batch) if (typeof lines !== 'string') release(lines.bytes);
      options.onWritten(count);
      if (error) {
        error = undefined;
        options.onWritable(true, undefined);
      }
    }
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

  return {
    stats,
    write: (lines) => {
      let lost = 0;
      for (const one of lines) {
        const count = countOf(one);
        if (stats.waiting + count > maxWaiting) {
          lost += count;
          continue;
        }
        waiting.push(one);
        stats.waiting += count;
      }
      lose(lost);
      if (error) return;
      gather ??= setTimeout(() => {
        gather = undefined;
        if (!error) run();
      }, gatherMs);
    },
    missed: lose,
    writable: () => error === undefined,
    lastError: () => error,
    close: async () => {
      clearTimeout(gather);
      clearTimeout(retry);
      await writing;
      await attempt();
      clearTimeout(retry);
      lose(stats.waiting);
      await log.close();
    },
  };
}
