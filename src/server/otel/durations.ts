import { ValueType } from '@opentelemetry/api';
import type { HrTime } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import { AggregationTemporality, DataPointType } from '@opentelemetry/sdk-metrics';
import type { HistogramMetricData, MetricProducer } from '@opentelemetry/sdk-metrics';
import type { DurationSeries } from '../../telemetry/durations.ts';
import { durationBuckets } from '../../telemetry/names.ts';
import { systemClock } from '../../lib/clock.ts';

/**
 * Hands durations that were counted by bucket already to whatever collects metrics. An instrument takes one value at a
 * time, and works its series out anew for each: for every decision that costs more than all else that is counted of it.
 */
export function durationProducer(
  of: { readonly resource: Resource; readonly scope: { readonly name: string; readonly version: string } },
  read: () => readonly DurationSeries[],
): MetricProducer {
  const startTime = thisTime();
  return {
    collect: () => {
      const metrics = histograms(read(), startTime);
      const scopeMetrics = metrics.length === 0 ? [] : [{ scope: of.scope, metrics }];
      return Promise.resolve({ resourceMetrics: { resource: of.resource, scopeMetrics }, errors: [] });
    },
  };
}

function histograms(series: readonly DurationSeries[], startTime: HrTime): HistogramMetricData[] {
  const endTime = thisTime();
  const byMetric = Map.groupBy(series, ({ metric }) => metric);
  return [...byMetric].map(([name, all]) => ({
    descriptor: { name, description: all[0]?.description ?? '', unit: 's', valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    dataPointType: DataPointType.HISTOGRAM,
    dataPoints: all.map(({ labels, durations: { counts, count, sum, min, max } }) => ({
      ...{ startTime, endTime, attributes: { ...labels } },
      value: {
        buckets: { boundaries: [...durationBuckets], counts: [...counts] },
        ...{ count, sum: sum / 1e6, min: min / 1e6, max: max / 1e6 },
      },
    })),
  }));
}

/** Seconds since 1970, and nanoseconds. */
function thisTime(): HrTime {
  const now = systemClock.now();
  return [Math.floor(now / 1000), (now % 1000) * 1e6];
}
