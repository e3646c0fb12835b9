import type { Agent } from 'node:http';
import { metrics as metricsApi } from '@opentelemetry/api';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { Resource } from '@opentelemetry/resources';
import { MeterProvider, MetricReader, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import type { DurationSeries } from '../../telemetry/durations.ts';
import type { Collector } from '../../telemetry/metrics.ts';
import { scopeName, semantic } from '../../telemetry/names.ts';
import { traceTo } from '../../telemetry/tracing.ts';
import { createOtelAgent } from './agent.ts';
import { durationProducer } from './durations.ts';
import { samplerFrom } from './sampler.ts';
import { createSpanExporter } from './span-exporter.ts';
import { createSpanQueue } from './span-queue.ts';
import type { DroppedSpans } from './span-queue.ts';
import { createSpanOutlet } from './spans.ts';
import { exportTls } from './tls.ts';
import { nameUnits } from './prometheus-names.ts';

/** The `OTEL_*` variables, handed in by the command line; nothing else of the environment. */
export type OtelEnv = Readonly<Record<string, string>>;

/** Who sends: `instance` is the store's own name, so that restarts of one installation are one service instance. */
export interface TelemetryIdentity {
  readonly version: string;
  readonly instance: string;
}

export interface Tracing {
  /** Spans that no collector got, since the start. */
  dropped(): DroppedSpans;
  /** Sends what is pending, at most a few seconds, and stops. */
  shutdown(): Promise<void>;
}

export interface Metering extends Collector {
  /** All metrics in Prometheus text format 0.0.4, named as Prometheus asks. */
  prometheus(): Promise<string>;
  shutdown(): Promise<void>;
}

/**
 * Traces the process's decisions, if an OTLP endpoint is configured; else nothing traces and spans cost next to nothing.
 * Endpoint, headers, timeouts and certificates follow the exporter's standard variables.
 */
export function startTracing(identity: TelemetryIdentity, env: OtelEnv): Tracing {
  const url = endpoint(env, 'TRACES');
  if (disabled(env, 'TRACES') || url === undefined)
    return { dropped: () => ({ queue_full: 0, not_sent: 0 }), shutdown: async () => undefined };
  const resource = resourceOf(identity, env);
  const exporter = createSpanExporter({
    ...{ url, headers: headersFrom(env, 'TRACES'), agent: agentOf(env, 'TRACES'), resource },
  });
  const queue = createSpanQueue(exporter, {
    maxQueueSize: positive(env.OTEL_BSP_MAX_QUEUE_SIZE, 4096),
    maxExportBatchSize: positive(env.OTEL_BSP_MAX_EXPORT_BATCH_SIZE, 512),
    scheduledDelayMillis: positive(env.OTEL_BSP_SCHEDULE_DELAY, 5000),
    exportTimeoutMillis: positive(env.OTEL_BSP_EXPORT_TIMEOUT, 30_000),
  });
  traceTo(createSpanOutlet({ sampler: samplerFrom(env), processor: queue, resource }));
  return queue;
}

/** A reader that collects only when asked: the scrape decides when. */
class PullReader extends MetricReader {
  protected override async onShutdown(): Promise<void> {}
  protected override async onForceFlush(): Promise<void> {}
}

/** The one meter provider, with the scrape's reader and, if an OTLP endpoint is configured, a pushing one. */
export function startMetering(identity: TelemetryIdentity, env: OtelEnv): Metering {
  const resource = resourceOf(identity, env);
  let durations: () => readonly DurationSeries[] = () => [];
  const scope = { name: scopeName, version: identity.version };
  const metricProducers = [durationProducer({ resource, scope }, () => durations())];
  const pull = new PullReader({ metricProducers });
  const url = disabled(env, 'METRICS') ? undefined : endpoint(env, 'METRICS');
  const push =
    url === undefined
      ? []
      : [
          new PeriodicExportingMetricReader({
            exporter: new OTLPMetricExporter({
              ...{ url, headers: headersFrom(env, 'METRICS'), httpAgentOptions: agentOf(env, 'METRICS') },
            }),
            metricProducers,
            exportIntervalMillis: positive(env.OTEL_METRIC_EXPORT_INTERVAL, 60_000),
            exportTimeoutMillis: Math.min(
              positive(env.OTEL_METRIC_EXPORT_TIMEOUT, 30_000),
              positive(env.OTEL_METRIC_EXPORT_INTERVAL, 60_000),
            ),
          }),
        ];
  const provider = new MeterProvider({ resource, readers: [pull, ...push] });
  metricsApi.setGlobalMeterProvider(provider);
  const serializer = new PrometheusSerializer('', false, undefined, false, true);
  return {
    meter: provider.getMeter(scopeName, identity.version),
    measure: (read) => {
      durations = read;
    },
    prometheus: async () => serializer.serialize(nameUnits((await pull.collect()).resourceMetrics)),
    // The last push may not come through; nothing waits for it longer.
    shutdown: () => atMost(lastPushMs, provider.shutdown()),
  };
}

/** How long the last metrics may take to be sent (ms). */
const lastPushMs = 2000;

/** Waits for work, well or badly done, but no longer than so many ms. */
function atMost(ms: number, work: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const limit = setTimeout(resolve, ms);
    const done = (): void => {
      clearTimeout(limit);
      resolve();
    };
    work.then(done, done);
  });
}

function agentOf(env: OtelEnv, signal: 'TRACES' | 'METRICS'): (protocol: string) => Agent {
  const tls = exportTls(env, signal);
  return (protocol) => createOtelAgent(protocol, { tls });
}

/** Standard URL rules: a signal's own endpoint is used as it is, the common one gets the signal's path appended. */
function endpoint(env: OtelEnv, signal: 'TRACES' | 'METRICS'): string | undefined {
  const own = env[`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`]?.trim();
  if (own) return own;
  const common = env.OTEL_EXPORTER_OTLP_ENDPOINT?.trim();
  return common ? `${common.replace(/\/+$/, '')}/v1/${signal.toLowerCase()}` : undefined;
}

function disabled(env: OtelEnv, signal: 'TRACES' | 'METRICS'): boolean {
  return (
    env.OTEL_SDK_DISABLED?.toLowerCase() === 'true' ||
    env[`OTEL_${signal}_EXPORTER`]?.toLowerCase() === 'none'
  );
}

function headersFrom(env: OtelEnv, signal: 'TRACES' | 'METRICS'): Record<string, string> {
  const pairs = [env.OTEL_EXPORTER_OTLP_HEADERS, env[`OTEL_EXPORTER_OTLP_${signal}_HEADERS`]];
  return Object.fromEntries(pairs.flatMap((text) => pairsOf(text)));
}

function resourceOf(identity: TelemetryIdentity, env: OtelEnv): Resource {
  return resourceFromAttributes({
    [semantic.serviceInstance]: identity.instance,
    ...Object.fromEntries(pairsOf(env.OTEL_RESOURCE_ATTRIBUTES)),
    [semantic.serviceName]: env.OTEL_SERVICE_NAME || scopeName,
    [semantic.serviceVersion]: identity.version,
  });
}

/** Reads `key=value,key=value` with percent-encoded values; pairs that are not that are left out. */
function pairsOf(text: string | undefined): [string, string][] {
  return (text ?? '').split(',').flatMap((pair): [string, string][] => {
    const at = pair.indexOf('=');
    if (at < 1) return [];
    try {
      return [[pair.slice(0, at).trim(), decodeURIComponent(pair.slice(at + 1).trim())]];
    } catch {
      return [];
    }
  });
}

function positive(text: string | undefined, otherwise: number): number {
  const value = Number(text);
  return text !== undefined && Number.isFinite(value) && value > 0 ? value : otherwise;
}
