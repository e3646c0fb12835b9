import type { Meter } from '@opentelemetry/api';
import { label, metric } from './names.ts';

/** How one witness or anchor stands. */
export interface OutsiderReading {
  readonly kind: string;
  readonly name: string;
  /** Entries under a checkpoint that it has not seen. */
  readonly unseen: number;
  /** Since what it has was made; null before the first. */
  readonly age_s: number | null;
  readonly contradicts: boolean;
}

/** Where attempts at outsiders are counted. */
export interface OutsiderMetrics {
  failed(kind: string, name: string): void;
}

/** Makes the instruments; `read` is called at each collection, and must be quick and not throw. */
export function createOutsiderMetrics(meter: Meter, read: () => readonly OutsiderReading[]): OutsiderMetrics {
  const failures = meter.createCounter(metric.outsiderFailures, {
    description: 'Attempts to show a checkpoint to a witness or anchor that failed',
  });
  const unseen = meter.createObservableGauge(metric.auditUnwitnessed, {
    description: 'Entries of the log that a witness or anchor has not seen yet',
  });
  const age = meter.createObservableGauge(metric.outsiderAge, {
    description: 'Time since the last checkpoint that a witness has cosigned, or an anchor has taken',
    unit: 's',
  });
  const contradicts = meter.createObservableGauge(metric.outsiderContradicts, {
    description: '1 while a witness says that it has seen another history than the log has',
  });
  meter.addBatchObservableCallback(
    (result) => {
      for (const one of read()) {
        const labels = { [label.kind]: one.kind, [label.source]: one.name };
        result.observe(unseen, one.unseen, labels);
        if (one.age_s !== null) result.observe(age, one.age_s, labels);
        result.observe(contradicts, Number(one.contradicts), labels);
      }
    },
    [unseen, age, contradicts],
  );
  return { failed: (kind, name) => failures.add(1, { [label.kind]: kind, [label.source]: name }) };
}
