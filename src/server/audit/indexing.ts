import type { Log } from '../../audit/log/types.ts';
import type { Config } from '../../config/types.ts';
import type { IndexReading } from '../../telemetry/index-metrics.ts';
import { startIndexHelper } from './index-helper.ts';

/** The index beside the log, for status and metrics. */
export interface IndexingView extends IndexReading {
  readonly error: string | null;
}

export interface Indexing {
  view(): IndexingView | null;
  stop(): void;
}

/** Has the index beside the log follow it; nothing of that where records are lines of a plain file. */
export function startIndexing(config: Config, log: Log | null, say: (line: string) => void): Indexing {
  if (log === null || !config.index.follow) return { view: () => null, stop: () => undefined };
  const helper = startIndexHelper({ folder: config.audit.path, maxBytes: config.index.max_bytes, log: say });
  return {
    view: () => {
      const { next, bytes, error } = helper.view();
      const lag = next === null ? null : Math.max(0, log.size - next);
      return { lag, bytes, error, failed: error !== null };
    },
    stop: () => helper.stop(),
  };
}
