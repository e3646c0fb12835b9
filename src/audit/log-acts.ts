import type { EpochMs } from '../lib/clock.ts';
import { buildAct } from './acts.ts';
import type { ActRecord, WorkerEnd, Writer } from './acts.ts';
import type { Opened, Pruned } from './log/types.ts';

/**
 * The log was not closed by its last writer. After the relaxed mode that is a gap (`log_gap`): records of its last
 * `at_most_ms` may be missing. After the strict mode none is missing whose answer has left (`log_recovered`).
 */
export function logRecoveredAct(
  writer: Writer,
  at: EpochMs,
  { size, recovered, unclean }: Opened & { readonly unclean: NonNullable<Opened['unclean']> },
): ActRecord {
  return buildAct(writer, at, {
    act: unclean.mode === 'relaxed' ? 'log_gap' : 'log_recovered',
    detail: {
      mode: unclean.mode,
      at_most_ms: unclean.flushMs,
      opened_at: unclean.openedAt,
      last_write: unclean.lastWrite,
      torn_bytes: unclean.tornBytes,
      size,
      behind_checkpoint: recovered,
    },
  });
}

/**
 * A worker ended whose answers went ahead of their records: of its last ones, of at most `at_most_ms` (ms), some may be
 * missing.
 */
export function workerGapAct(
  writer: Writer,
  at: EpochMs,
  { worker, pid }: Pick<WorkerEnd, 'worker' | 'pid'>,
  mostMs: number,
): ActRecord {
  return buildAct(writer, at, {
    act: 'log_gap',
    selector: `worker ${worker}`,
    detail: { mode: 'relaxed', at_most_ms: mostMs, because: 'worker_ended', worker, pid },
  });
}

/** Records were removed that retention lets go: those below `minimum_index`. */
export function logPrunedAct(writer: Writer, at: EpochMs, { before, minimumIndex }: Pruned): ActRecord {
  return buildAct(writer, at, { act: 'log_pruned', detail: { before, minimum_index: minimumIndex } });
}
