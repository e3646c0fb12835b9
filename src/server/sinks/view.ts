import type { EpochMs } from '../../lib/clock.ts';
import { formatInstant } from '../../lib/clock.ts';
import type { SinkReading } from '../../telemetry/sink-metrics.ts';
import type { Sink } from './sink.ts';

/** How one sink stands, for `/status` and metrics. */
export interface SinkView extends SinkReading {
  /** Index of the next record that it gets. */
  readonly next: number;
  /** Failed attempts since the last one that did not. */
  readonly failures: number;
  readonly error: string | null;
  /** When it last took records; RFC 3339; null = not since the start. */
  readonly sent_at: string | null;
}

/** `size`: entries that are under the present checkpoint. */
export function viewOf({ spec, standing }: Sink, size: number, now: EpochMs): SinkView {
  const { next, sent, dropped, rejected, failed, failures, error, waitingSince, sentAt } = standing;
  const lag = Math.max(0, size - next);
  const waiting = waitingSince === null ? null : Math.max(0, Math.floor((now - waitingSince) / 1000));
  return {
    ...{ kind: spec.kind, name: spec.name, next, lag },
    lag_s: lag === 0 ? 0 : waiting,
    ...{ sent, dropped, rejected, failed, failures, error },
    sent_at: sentAt === null ? null : formatInstant(sentAt),
  };
}
