import { BatchSpanProcessor } from '@opentelemetry/sdk-trace';
import type { SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace';

/** Spans that were made and never sent, by why: a value of a metric's label. */
export interface DroppedSpans {
  /** More waited already than may. */
  readonly queue_full: number;
  /** The collector did not take them, in time or at all. */
  readonly not_sent: number;
}

export interface SpanQueue extends Pick<SpanProcessor, 'onEnd' | 'shutdown'> {
  dropped(): DroppedSpans;
}

/** Times in milliseconds, sizes in spans. */
export interface Batching {
  readonly maxQueueSize: number;
  readonly maxExportBatchSize: number;
  readonly scheduledDelayMillis: number;
  readonly exportTimeoutMillis: number;
}

/** `ExportResultCode.SUCCESS` of @opentelemetry/core. */
const sent = 0;

/**
 * Spans on their way to a collector. The library's batching tells nobody what its queue has no room for, so it is counted
 * here and not handed to it: what waits there is what it was given, less what it has given to the exporter.
 */
export function createSpanQueue(exporter: SpanExporter, batching: Batching): SpanQueue {
  const dropped = { queue_full: 0, not_sent: 0 };
  let waiting = 0;
  const counting: SpanExporter = {
    export: (spans, told) => {
      waiting -= spans.length;
      exporter.export(spans, (result) => {
        if (Number(result.code) !== sent) dropped.not_sent += spans.length;
        told(result);
      });
    },
    shutdown: () => exporter.shutdown(),
  };
  const processor = new BatchSpanProcessor({ ...batching, exporter: counting });
  return {
    onEnd: (span) => {
      if (waiting >= batching.maxQueueSize) {
        dropped.queue_full += 1;
        return;
      }
      waiting += 1;
      processor.onEnd(span);
    },
    dropped: () => ({ ...dropped }),
    shutdown: () => processor.shutdown(),
  };
}
