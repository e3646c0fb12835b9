import type { Meter } from '@opentelemetry/api';
import { label, metric } from './names.ts';

/** Makes the instrument; `read` answers counts by listener and why, is called at each collection, and must not throw. */
export function createAdminMetrics(
  meter: Meter,
  read: () => Readonly<Record<string, Readonly<Record<string, number>>>>,
): void {
  const ended = meter.createObservableCounter(metric.adminConnectionsEnded, {
    description: 'Connections of admin HTTP closed because they went beyond their bounds, by why',
  });
  ended.addCallback((result) => {
    for (const [listener, counts] of Object.entries(read()))
      for (const [why, count] of Object.entries(counts))
        result.observe(count, { [label.listener]: listener, [label.why]: why });
  });
}
