import { durationBuckets } from './names.ts';

/** How long many decisions took, in microseconds. Plain data, because it crosses the channel. */
export interface Durations {
  /** How many fell into each bucket of `durationBuckets`, and at last into none of them. */
  readonly counts: number[];
  count: number;
  sum: number;
  min: number;
  max: number;
}

/** Durations that are alike but for their length, as one series of a histogram. */
export interface DurationSeries {
  readonly metric: string;
  readonly description: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly durations: Durations;
}

/** Upper bounds, inclusive as in OpenTelemetry's own histograms. */
const bounds = durationBuckets.map((seconds) => seconds * 1e6);

export function noDurations(): Durations {
  return { counts: Array<number>(bounds.length + 1).fill(0), count: 0, sum: 0, min: Infinity, max: 0 };
}

/** Counts one of `us` microseconds. */
export function addDuration(to: Durations, us: number): void {
  let bucket = 0;
  while (bucket < bounds.length && us > (bounds[bucket] as number)) bucket += 1;
  to.counts[bucket] = (to.counts[bucket] as number) + 1;
  to.count += 1;
  to.sum += us;
  if (us < to.min) to.min = us;
  if (us > to.max) to.max = us;
}

/** Counts all of `from` too. */
export function mergeDurations(to: Durations, from: Durations): void {
  from.counts.forEach((count, bucket) => (to.counts[bucket] = (to.counts[bucket] ?? 0) + count));
  to.count += from.count;
  to.sum += from.sum;
  to.min = Math.min(to.min, from.min);
  to.max = Math.max(to.max, from.max);
}
