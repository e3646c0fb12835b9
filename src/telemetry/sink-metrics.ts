import type { Meter } from '@opentelemetry/api';
import { label, metric } from './names.ts';

/** How one sink stands. */
export interface SinkReading {
  readonly kind: string;
  readonly name: string;
  /** Records under a checkpoint that it has not taken. */
  readonly lag: number;
  /** Age of the first of them; null while it is not known. */
  readonly lag_s: number | null;
  /** Since this process began. */
  readonly sent: number;
  readonly failed: number;
  /** Removed by retention before they were sent, and taken and refused for good; since the sink began. */
  readonly dropped: number;
  readonly rejected: number;
}

/** Makes the instruments; `read` is called at each collection, and must be quick and not throw. */
export function createSinkMetrics(meter: Meter, read: () => readonly SinkReading[]): void {
  const lag = meter.createObservableGauge(metric.sinkLag, {
    description: 'Records under a checkpoint that a sink has not taken yet',
  });
  const age = meter.createObservableGauge(metric.sinkAge, {
    description: 'Age of the first record that a sink has not taken yet',
    unit: 's',
  });
  const sent = meter.createObservableCounter(metric.sinkSent, { description: 'Records that a sink took' });
  const failed = meter.createObservableCounter(metric.sinkFailures, {
    description: 'Attempts to send records to a sink that failed',
  });
  const dropped = meter.createObservableCounter(metric.sinkDropped, {
    description: 'Records that retention removed before a sink took them',
  });
  const rejected = meter.createObservableCounter(metric.sinkRejected, {
    description: 'Records that a sink refused for good',
  });
  meter.addBatchObservableCallback(
    (result) => {
      for (const one of read()) {
        const labels = { [label.kind]: one.kind, [label.source]: one.name };
        result.observe(lag, one.lag, labels);
        if (one.lag_s !== null) result.observe(age, one.lag_s, labels);
        result.observe(sent, one.sent, labels);
        result.observe(failed, one.failed, labels);
        result.observe(dropped, one.dropped, labels);
        result.observe(rejected, one.rejected, labels);
      }
    },
    [lag, age, sent, failed, dropped, rejected],
  );
}
