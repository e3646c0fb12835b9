import type { Meter } from '@opentelemetry/api';
import { durationBuckets, label, metric } from './names.ts';

/** What is counted of the policy on trial. */
export interface ShadowMetrics {
  /** Decisions that were held against it; `times`: how long it took for each that it was asked about (ms). */
  judged(
    counts: Readonly<Record<(typeof results)[number], number>>,
    flips: readonly { readonly direction: string; readonly reason: string; readonly count: number }[],
    times: Iterable<number>,
  ): void;
  /** Decisions that there was no room for. */
  dropped(count: number): void;
  /** Records of differences that could not be written. */
  unrecorded(count: number): void;
}

const results = [
  ...(['agreed', 'lock_outs', 'let_ins', 'other_reasons', 'other_obligations'] as const),
  ...(['not_asked', 'undecidable'] as const),
] as const;

/** Makes the instruments. */
export function createShadowMetrics(meter: Meter): ShadowMetrics {
  const decisions = meter.createCounter(metric.shadowDecisions, {
    description: 'Decisions that the policy on trial was held against, by what came of it',
  });
  const disagreements = meter.createCounter(metric.shadowDisagreements, {
    description:
      'Connections that the policy on trial would have kept out or let in, by the reason of the denial',
  });
  const dropped = meter.createCounter(metric.shadowDropped, {
    description: 'Decisions chosen for the policy on trial that there was no room for',
  });
  const unrecorded = meter.createCounter(metric.shadowUnrecorded, {
    description: 'Differences of the policy on trial that could not be recorded',
  });
  const duration = meter.createHistogram(metric.shadowDuration, {
    description: 'Time that the policy on trial took for one decision',
    unit: 's',
    advice: { explicitBucketBoundaries: [...durationBuckets] },
  });
  // A counter that nobody has added to yet is absent from a scrape.
  for (const counter of [dropped, unrecorded]) counter.add(0);
  for (const result of results) decisions.add(0, { [label.result]: result });
  return {
    judged: (counts, flips, times) => {
      for (const result of results) decisions.add(counts[result], { [label.result]: result });
      for (const { direction, reason, count } of flips)
        disagreements.add(count, { [label.direction]: direction, [label.reason]: reason });
      for (const time of times) duration.record(time / 1000);
    },
    dropped: (count) => dropped.add(count),
    unrecorded: (count) => unrecorded.add(count),
  };
}
