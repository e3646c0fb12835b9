import { createMetrics } from '../telemetry/metrics.ts';
import type { GaugeReadings, Metrics } from '../telemetry/metrics.ts';
import { createShadowMetrics } from '../telemetry/shadow-metrics.ts';
import type { ShadowMetrics } from '../telemetry/shadow-metrics.ts';
import { createIndexMetrics } from '../telemetry/index-metrics.ts';
import { createLogMetrics } from '../telemetry/log-metrics.ts';
import { createSinkMetrics } from '../telemetry/sink-metrics.ts';
import { createOutsiderMetrics } from '../telemetry/outsider-metrics.ts';
import type { OutsiderMetrics } from '../telemetry/outsider-metrics.ts';
import { createAdminMetrics } from '../telemetry/admin-metrics.ts';
import type { AdminEnds } from './listen/admin.ts';
import { startMetering } from './otel/otel.ts';
import type { OtelEnv } from './otel/otel.ts';
import { programVersion } from './program.ts';
import { readingsOf } from './status.ts';
import type { StatusSources } from './status.ts';
import type { DecisionTally } from './records/tally.ts';
import { createUnenforced } from './acts/unenforced.ts';
import type { Unenforced } from './acts/unenforced.ts';

/** Everything that is counted, over all workers and their restarts. */
export interface Counting {
  readonly metrics: Metrics;
  readonly unenforced: Unenforced;
  readonly outsiders: OutsiderMetrics;
  readonly shadow: ShadowMetrics;
  /** Where the admin listeners count what they close. */
  readonly adminEnds: AdminEnds;
  decisions(tallies: readonly DecisionTally[]): void;
  prometheus(): Promise<string>;
  /** What the gauges read from, once it is there. */
  gauges(sources: StatusSources): void;
  stop(): Promise<void>;
}

const nothingYet: GaugeReadings = {
  workers: [],
  kept: [],
  auditWritable: true,
  clockTrusted: true,
  clockAheadS: 0,
  crls: [],
  bundleAgeS: null,
  bundleUnconfirmedS: null,
  bundleStale: false,
  bundlePinned: false,
  bundleRefused: false,
  shadowOnTrial: false,
  shadowError: false,
  epochs: {},
  sources: [],
  reloadFailed: false,
  storeBytes: null,
  observeInForce: 0,
  glassInForce: 0,
};

/** Sets the metrics up. `instance` is the store's own name. */
export function startCounting(instance: string, otel: OtelEnv): Counting {
  let sources: StatusSources | undefined;
  const metering = startMetering({ version: programVersion, instance }, otel);
  const metrics = createMetrics(metering, () => (sources ? readingsOf(sources) : nothingYet));
  const unenforced = createUnenforced();
  createLogMetrics(metering.meter, () => sources?.recordLog() ?? null);
  createIndexMetrics(metering.meter, () => sources?.index() ?? null);
  const adminEnds: AdminEnds = {};
  createAdminMetrics(metering.meter, () => adminEnds);
  createSinkMetrics(metering.meter, () => sources?.sinks() ?? []);
  return {
    metrics,
    unenforced,
    outsiders: createOutsiderMetrics(metering.meter, () => sources?.outsiders() ?? []),
    shadow: createShadowMetrics(metering.meter),
    adminEnds,
    decisions: (tallies) => {
      for (const tally of tallies) {
        metrics.decisions(tally, tally.times);
        unenforced.count(tally);
      }
    },
    prometheus: () => metering.prometheus(),
    gauges: (from) => {
      sources = from;
    },
    stop: () => metering.shutdown(),
  };
}
