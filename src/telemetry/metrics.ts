import type { Meter } from '@opentelemetry/api';
import { mergeDurations, noDurations } from './durations.ts';
import type { Durations, DurationSeries } from './durations.ts';
import { label, metric } from './names.ts';
import { observeGauges } from './gauges.ts';
import type { GaugeReadings } from './readings.ts';

export type { GaugeReadings } from './readings.ts';

/** What is counted of decisions that are alike. No device id: every field becomes a label. */
export interface CountedKind {
  readonly door: string;
  readonly outcome: 'allow' | 'deny';
  readonly enforced: boolean;
  /** Primary reason. */
  readonly reason: string;
  /** By what the device was authenticated, so that allows on nobody's proof can be counted. */
  readonly assurance: 'none' | 'gateway_asserted' | 'device_proved' | 'attested';
  readonly reasons: readonly { readonly code: string; readonly severity: string }[];
  readonly faults: readonly { readonly code: string; readonly stage: string }[];
}

/** How long decisions took by stage, one of each a decision. */
export type StageTimes = Readonly<Record<'facts' | 'policy' | 'conclude' | 'total', Durations>>;

/** What makes and collects metrics: instruments, and durations that were counted by bucket already. */
export interface Collector {
  readonly meter: Meter;
  /** Asked at each collection. */
  measure(read: () => readonly DurationSeries[]): void;
}

/** Where the server counts. One instance, in the parent, over the decisions of all workers. */
export interface Metrics {
  /** Counts as many decisions of one kind as there are times. */
  decisions(kind: CountedKind, times: StageTimes): void;
  recordsWritten(count: number): void;
  recordsLost(count: number): void;
  /** So much was learnt from decisions and not kept. */
  observationsDropped(count: number): void;
  workerRestarted(why: string): void;
  /** A change of the state (`changes.kind`) keeps so many active devices out. */
  keptOut(kind: string, devices: number): void;
}

/** Changes of the state that say how many devices they keep out. */
const keepingOut: readonly string[] = ['crl.import', 'device.import', 'firmware.import', 'hold.add'];

const stages = ['facts', 'policy', 'conclude'] as const;

/**
 * Makes the instruments on a meter of OpenTelemetry's API, and measures durations. `read` is called at each collection
 * for the gauges; it must be quick and must not throw.
 */
export function createMetrics(collector: Collector, read: () => GaugeReadings): Metrics {
  const series = new Map<string, DurationSeries>();
  const { meter } = collector;
  collector.measure(() => [...series.values()]);
  const decisions = meter.createCounter(metric.decisions, {
    description: 'Decisions by outcome, enforcement, primary reason, assurance and door',
  });
  const reasons = meter.createCounter(metric.reasons, {
    description: 'Reasons told in decisions, primary or not',
  });
  const faults = meter.createCounter(metric.faults, {
    description: 'Faults of the decision point itself; each is also a denial',
  });
  const unenforced = meter.createCounter(metric.unenforced, {
    description: 'Denials that passed only because of observe mode or a broken glass',
  });
  const written = meter.createCounter(metric.recordsWritten, { description: 'Audit records written' });
  const lost = meter.createCounter(metric.recordsLost, {
    description: 'Audit records that could not be written',
  });
  const dropped = meter.createCounter(metric.observationsDropped, {
    description:
      'What decisions learnt and was not kept, because there was too much or it could not be written',
  });
  const restarts = meter.createCounter(metric.workerRestarts, {
    description: 'Workers started again, by why the one before ended',
  });
  const keptOut = meter.createCounter(metric.keptOut, {
    description: 'Active devices kept out by changes of the state, by kind of change',
  });
  // A counter that nobody has added to yet is absent from a scrape, and alerts cannot tell absent from zero.
  for (const counter of [written, lost, dropped]) counter.add(0);
  for (const why of ['exit', 'hung']) restarts.add(0, { [label.why]: why });
  for (const kind of keepingOut) keptOut.add(0, { [label.kind]: kind });
  observeGauges(meter, read);

  return {
    decisions: (kind, times) => {
      const { outcome, enforced, reason, assurance, door } = kind;
      const { count } = times.total;
      decisions.add(count, {
        [label.outcome]: outcome,
        [label.enforced]: enforced,
        [label.reason]: reason,
        [label.assurance]: assurance,
        [label.door]: door,
      });
      for (const told of kind.reasons) {
        reasons.add(count, { [label.reason]: told.code, [label.severity]: told.severity });
      }
      for (const fault of kind.faults) {
        faults.add(count, { [label.code]: fault.code, [label.stage]: fault.stage });
      }
      if (outcome === 'deny' && !enforced) unenforced.add(count, { [label.because]: becauseOf(kind) });
      const labels = { [label.outcome]: outcome, [label.door]: door };
      tookIn(series, { metric: metric.duration, description: wholeTime, labels }, times.total);
      for (const stage of stages) {
        const kept = {
          metric: metric.stageDuration,
          description: stageTime,
          labels: { [label.stage]: stage },
        };
        tookIn(series, kept, times[stage]);
      }
    },
    recordsWritten: (count) => written.add(count),
    observationsDropped: (count) => dropped.add(count),
    recordsLost: (count) => lost.add(count),
    keptOut: (kind, devices) => {
      if (keepingOut.includes(kind)) keptOut.add(devices, { [label.kind]: kind });
    },
    workerRestarted: (why) => restarts.add(1, { [label.why]: why }),
  };
}

const wholeTime = 'Time from a request having been read to its decision';
const stageTime = 'Time that each stage of a decision took';

/** Counts durations to their series, which begins with the first of them. */
function tookIn(
  all: Map<string, DurationSeries>,
  kept: Omit<DurationSeries, 'durations'>,
  durations: Durations,
): void {
  const key = `${kept.metric} ${Object.values(kept.labels).join(' ')}`;
  let series = all.get(key);
  if (!series) all.set(key, (series = { ...kept, durations: noDurations() }));
  mergeDurations(series.durations, durations);
}

/** Why a denial is not enforced: a broken glass always tells itself among the reasons, observe mode does not. */
export function becauseOf(kind: Pick<CountedKind, 'reasons'>): 'break_glass' | 'observe' {
  return kind.reasons.some((told) => told.code === 'system.break_glass_used') ? 'break_glass' : 'observe';
}
