import type { Meter } from '@opentelemetry/api';
import { metric } from './names.ts';

/** How the log of records stands. */
export interface LogReading {
  readonly size: number;
  /** Entries that the last checkpoint covers. */
  readonly integrated: number;
  /** Entries that retention lets go, and that could not be removed so far. */
  readonly overdue: number;
  readonly bytes: number | null;
  readonly roomDays: number | null;
}

/** Makes the instruments; `read` is called at each collection, and must be quick and not throw; null = there is none. */
export function createLogMetrics(meter: Meter, read: () => LogReading | null): void {
  const size = meter.createObservableGauge(metric.logSize, { description: 'Entries of the log of records' });
  const behind = meter.createObservableGauge(metric.logBehind, {
    description: 'Entries of the log that its last checkpoint does not cover',
  });
  const overdue = meter.createObservableGauge(metric.logOverdue, {
    description: 'Entries that retention lets go, and that could not be removed so far',
  });
  const bytes = meter.createObservableGauge(metric.logBytes, {
    description: 'Bytes of the log: bundles and tiles',
    unit: 'By',
  });
  const room = meter.createObservableGauge(metric.logRoom, {
    description: 'Days until the volume or audit.max_bytes is reached, at the rate of the last day or two',
    unit: 'd',
  });
  meter.addBatchObservableCallback(
    (result) => {
      const found = read();
      if (found === null) return;
      result.observe(size, found.size);
      result.observe(behind, found.size - found.integrated);
      result.observe(overdue, found.overdue);
      if (found.bytes !== null) result.observe(bytes, found.bytes);
      if (found.roomDays !== null) result.observe(room, found.roomDays);
    },
    [size, behind, overdue, bytes, room],
  );
}
