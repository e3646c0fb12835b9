import type { MetricData, ResourceMetrics } from '@opentelemetry/sdk-metrics';

/** The units of our instruments, in UCUM as OpenTelemetry asks, and the words that Prometheus asks for in a name. */
const unitWords: Readonly<Record<string, string>> = { s: 'seconds', By: 'bytes' };

/**
 * What was collected, with the unit at the end of each name: `portreeve.decision.duration` in `s` is scraped as
 * `portreeve_decision_duration_seconds`, which is what a collector makes of the same metric sent by OTLP
 * (OpenTelemetry specification, "Prometheus and OpenMetrics compatibility"). The serializer does not do that itself.
 */
export function nameUnits(collected: ResourceMetrics): ResourceMetrics {
  return {
    ...collected,
    scopeMetrics: collected.scopeMetrics.map((scoped) => ({
      ...scoped,
      metrics: scoped.metrics.map(nameUnit),
    })),
  };
}

function nameUnit(data: MetricData): MetricData {
  const { name, unit } = data.descriptor;
  const word = unitWords[unit];
  if (word === undefined) return data;
  return { ...data, descriptor: { ...data.descriptor, name: `${name}.${word}`, unit: word } };
}
