import type { Meter } from '@opentelemetry/api';
import { metric } from './names.ts';

/** How the index beside the log stands. */
export interface IndexReading {
  /** Entries of the log that it lacks; null while that is not known. */
  readonly lag: number | null;
  readonly bytes: number | null;
  readonly failed: boolean;
}

/** Makes the instruments; `read` is called at each collection, and must be quick and not throw; null = there is none. */
export function createIndexMetrics(meter: Meter, read: () => IndexReading | null): void {
  const lag = meter.createObservableGauge(metric.indexLag, {
    description: 'Entries of the log that the index beside it lacks; up to 255 always',
  });
  const bytes = meter.createObservableGauge(metric.indexBytes, {
    description: 'Bytes of the index beside the log',
    unit: 'By',
  });
  const failed = meter.createObservableGauge(metric.indexError, {
    description: '1 while the index beside the log is not kept up',
  });
  meter.addBatchObservableCallback(
    (result) => {
      const found = read();
      if (found === null) return;
      if (found.lag !== null) result.observe(lag, found.lag);
      if (found.bytes !== null) result.observe(bytes, found.bytes);
      result.observe(failed, Number(found.failed));
    },
    [lag, bytes, failed],
  );
}
