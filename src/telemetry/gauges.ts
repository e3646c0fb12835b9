import type { Attributes, Meter } from '@opentelemetry/api';
import type { KeptStats } from '../lib/kept.ts';
import { label, metric } from './names.ts';

/** State that is read when metrics are collected. Ages in seconds. */
export interface GaugeReadings {
  readonly workers: readonly WorkerReading[];
  readonly auditWritable: boolean;
  readonly clockTrusted: boolean;
  /** Ahead of the kept time; below 0 while it is behind it, 0 while it goes evenly. */
  readonly clockAheadS: number;
  readonly crls: readonly {
    readonly issuer: string;
    /** First hex digits of the key's digest: an issuer may have two keys. */
    readonly issuerKey: string;
    /** Which part of the issuer's list it is; empty = all of it. */
    readonly scope: string;
    readonly delta: boolean;
    readonly ageS: number;
    /** Until nextUpdate; negative once it has passed. */
    readonly remainingS: number;
    readonly entries: number;
  }[];
  readonly bundleAgeS: number | null;
  /** Since its source last said that it is the newest; null where that has no meaning. */
  readonly bundleUnconfirmedS: number | null;
  /** Older than its limit. */
  readonly bundleStale: boolean;
  readonly bundlePinned: boolean;
  /** The bundle that is to be in force was refused. */
  readonly bundleRefused: boolean;
  /** A bundle is asked beside the one in force. */
  readonly shadowOnTrial: boolean;
  /** It cannot be used, or its process has ended. */
  readonly shadowError: boolean;
  readonly epochs: Readonly<Record<string, number>>;
  readonly sources: readonly SourceReading[];
  readonly reloadFailed: boolean;
  readonly storeBytes: number | null;
  readonly observeInForce: number;
  readonly glassInForce: number;
}

/** One background source or watched file. */
export interface SourceReading {
  readonly kind: string;
  readonly name: string;
  /** Whether its last attempt failed. */
  readonly failed: boolean;
  /** Since its last success; null before the first. */
  readonly ageS: number | null;
  /** Failed attempts since then. */
  readonly failures: number;
}

export interface WorkerReading {
  readonly index: number;
  readonly ready: boolean;
  readonly cacheHits: number;
  readonly cacheMisses: number;
  readonly cacheSize: number;
  /** 99th percentile since the last heartbeat. */
  readonly eventLoopDelayS: number;
  readonly wasmPages: number;
  readonly connections: number;
  /** What was refused or ended by us since the worker started, by why. */
  readonly connectionsEnded: Readonly<Record<string, number>>;
  readonly callsEnded: Readonly<Record<string, number>>;
  readonly bufferedBytes: number;
  /** Most that waited for their turn since the last heartbeat. */
  readonly callsWaiting: number;
  /** Calls that were not begun, by why, and calls that their PEPs gave up while they waited. */
  readonly callsShed: Readonly<Record<string, number>>;
  readonly callsAbandoned: number;
  /** What is remembered from one decision to the next. */
  readonly kept: readonly KeptStats[];
}

type Values = readonly (readonly [number, Attributes])[];

/** One instrument whose values are read at each collection. */
interface Observed {
  readonly kind: 'gauge' | 'counter';
  readonly name: string;
  readonly description: string;
  readonly unit: string | undefined;
  readonly values: (readings: GaugeReadings) => Values;
}

const gauge = (
  name: string,
  description: string,
  values: (readings: GaugeReadings) => Values,
  unit?: 's' | 'By',
): Observed => ({ kind: 'gauge', name, description, unit, values });

/** What only grows, but begins anew with its worker. */
const counter = (...told: Parameters<typeof gauge>): Observed => ({ ...gauge(...told), kind: 'counter' });

const one =
  (value: (readings: GaugeReadings) => number | boolean | null) =>
  (readings: GaugeReadings): Values => {
    const read = value(readings);
    return read === null ? [] : [[Number(read), {}]];
  };

const perWorker =
  (value: (worker: WorkerReading) => number) =>
  (readings: GaugeReadings): Values =>
    readings.workers
      .filter((worker) => worker.ready)
      .map((worker) => [value(worker), { [label.worker]: worker.index }]);

const perWorkerAndCause =
  (counts: (worker: WorkerReading) => Readonly<Record<string, number>>) =>
  (readings: GaugeReadings): Values =>
    readings.workers
      .filter((worker) => worker.ready)
      .flatMap((worker) =>
        Object.entries(counts(worker)).map(
          ([why, count]) => [count, { [label.worker]: worker.index, [label.why]: why }] as const,
        ),
      );

const perKept =
  (value: (kept: KeptStats) => number) =>
  (readings: GaugeReadings): Values =>
    readings.workers
      .filter((worker) => worker.ready)
      .flatMap(({ index, kept }) =>
        kept.map((one) => [value(one), { [label.worker]: index, [label.kept]: one.name }] as const),
      );

const perCrl =
  (value: (crl: GaugeReadings['crls'][number]) => number) =>
  (readings: GaugeReadings): Values =>
    readings.crls.map((crl) => [
      value(crl),
      {
        [label.issuer]: crl.issuer,
        [label.issuerKey]: crl.issuerKey,
        [label.scope]: crl.scope,
        [label.delta]: String(crl.delta),
      },
    ]);

const perOrigin = ({ epochs }: GaugeReadings): Values =>
  Object.entries(epochs).map(([origin, epoch]) => [epoch, { [label.origin]: origin }]);

const perSource =
  (value: (source: SourceReading) => number | boolean | null) =>
  ({ sources }: GaugeReadings): Values =>
    sources.flatMap((source) => {
      const read = value(source);
      const labels = { [label.kind]: source.kind, [label.source]: source.name };
      return read === null ? [] : [[Number(read), labels] as const];
    });

const observed: readonly Observed[] = [
  gauge(
    metric.workers,
    'Workers that are ready to decide',
    one(({ workers }) => workers.filter(({ ready }) => ready).length),
  ),
  gauge(
    metric.auditWritable,
    '1 while audit records can be written',
    one(({ auditWritable }) => auditWritable),
  ),
  gauge(
    metric.clockTrusted,
    "1 while the machine's clock is not behind the latest trusted time",
    one(({ clockTrusted }) => clockTrusted),
  ),
  gauge(
    metric.clockAhead,
    "How far the machine's clock is ahead of the time that was counted; negative while it is behind",
    one(({ clockAheadS }) => clockAheadS),
    's',
  ),
  gauge(
    metric.crlAge,
    'Time since the thisUpdate of the CRL in force',
    perCrl(({ ageS }) => ageS),
    's',
  ),
  gauge(
    metric.crlRemaining,
    'Time until the nextUpdate of the CRL in force; negative once stale',
    perCrl(({ remainingS }) => remainingS),
    's',
  ),
  gauge(
    metric.crlEntries,
    'Revoked certificates on the CRL in force',
    perCrl(({ entries }) => entries),
  ),
  gauge(
    metric.bundleAge,
    'Time since the policy bundle in force was loaded',
    one(({ bundleAgeS }) => bundleAgeS),
    's',
  ),
  gauge(
    metric.bundleUnconfirmed,
    'Time since the source of the policy bundle in force last said that it is the newest',
    one(({ bundleUnconfirmedS }) => bundleUnconfirmedS),
    's',
  ),
  gauge(
    metric.bundleStale,
    '1 while the policy bundle in force is older than policy.max_age',
    one(({ bundleStale }) => bundleStale),
  ),
  gauge(
    metric.bundlePinned,
    '1 while an operator has pinned the policy bundle in force',
    one(({ bundlePinned }) => bundlePinned),
  ),
  gauge(
    metric.bundleError,
    '1 while the policy bundle that is to be in force was refused',
    one(({ bundleRefused }) => bundleRefused),
  ),
  gauge(
    metric.shadowOnTrial,
    '1 while a policy bundle is on trial beside the one in force',
    one(({ shadowOnTrial }) => shadowOnTrial),
  ),
  gauge(
    metric.shadowError,
    '1 while the policy bundle that is to be on trial cannot be used',
    one(({ shadowError }) => shadowError),
  ),
  gauge(metric.epoch, 'Number of the last change to state, by where changes come from', perOrigin),
  gauge(
    metric.feedError,
    '1 while the last reading of a source (file or URL) failed',
    perSource(({ failed }) => failed),
  ),
  gauge(
    metric.sourceAge,
    'Time since a source (file or URL) last said what is true',
    perSource(({ ageS }) => ageS),
    's',
  ),
  gauge(
    metric.sourceFailures,
    'Failed attempts at a source since its last success',
    perSource(({ failures }) => failures),
  ),
  gauge(
    metric.reloadError,
    '1 while a changed configuration, bundle or anchor was refused',
    one(({ reloadFailed }) => reloadFailed),
  ),
  counter(
    metric.cacheHits,
    'Certificates found in the cache of parsed and verified ones, since the worker started',
    perWorker(({ cacheHits }) => cacheHits),
  ),
  counter(
    metric.cacheMisses,
    'Certificates that had to be parsed and verified, since the worker started',
    perWorker(({ cacheMisses }) => cacheMisses),
  ),
  gauge(
    metric.cacheSize,
    'Certificates in the cache',
    perWorker(({ cacheSize }) => cacheSize),
  ),
  gauge(
    metric.eventLoopDelay,
    '99th percentile of the event loop delay between two heartbeats',
    perWorker(({ eventLoopDelayS }) => eventLoopDelayS),
    's',
  ),
  gauge(
    metric.wasmPages,
    'Pages (64 KiB) of WASM memory that the policy uses',
    perWorker(({ wasmPages }) => wasmPages),
  ),
  gauge(
    metric.connections,
    'Open connections of enforcement points',
    perWorker(({ connections }) => connections),
  ),
  counter(
    metric.connectionsEnded,
    'Connections refused or ended because they went beyond their bounds, by why, since the worker started',
    perWorkerAndCause(({ connectionsEnded }) => connectionsEnded),
  ),
  counter(
    metric.callsEnded,
    'Calls that ended without an answer, by why, since the worker started',
    perWorkerAndCause(({ callsEnded }) => callsEnded),
  ),
  gauge(
    metric.callsBuffered,
    'Bytes of calls that are not answered yet',
    perWorker(({ bufferedBytes }) => bufferedBytes),
    'By',
  ),
  gauge(
    metric.callsWaiting,
    'Most calls that waited for their turn at the same time, between two heartbeats',
    perWorker(({ callsWaiting }) => callsWaiting),
  ),
  counter(
    metric.callsShed,
    'Calls that were answered without being begun, by why, since the worker started',
    perWorkerAndCause(({ callsShed }) => callsShed),
  ),
  counter(
    metric.callsAbandoned,
    'Calls that their enforcement point gave up while they waited for their turn, since the worker started',
    perWorker(({ callsAbandoned }) => callsAbandoned),
  ),
  gauge(
    metric.keptEntries,
    'Entries of what a worker remembers',
    perKept(({ entries }) => entries),
  ),
  gauge(
    metric.keptBound,
    'Most entries of what a worker remembers',
    perKept(({ bound }) => bound),
  ),
  counter(
    metric.keptHits,
    'Times that a worker found what it looked for in what it remembers, since it was put together',
    perKept(({ hits }) => hits),
  ),
  counter(
    metric.keptMisses,
    'Times that it did not, and had to work it out or to read it',
    perKept(({ misses }) => misses),
  ),
  counter(
    metric.keptEvictions,
    'Entries that made room for others, or that a change of the state has overtaken',
    perKept(({ evictions }) => evictions),
  ),
  gauge(
    metric.storeBytes,
    'Size of the state file and its write-ahead log',
    one(({ storeBytes }) => storeBytes),
    'By',
  ),
  gauge(
    metric.observeInForce,
    'Observe entries of the configuration that are in force',
    one(({ observeInForce }) => observeInForce),
  ),
  gauge(
    metric.glassInForce,
    'Broken glasses of the configuration that are in force',
    one(({ glassInForce }) => glassInForce),
  ),
];

/** Makes every one of them; `read` is called once a collection, so that one scrape shows one moment. */
export function observeGauges(meter: Meter, read: () => GaugeReadings): void {
  const made = observed.map(({ kind, name, values, description, unit }) => {
    const options = { description, ...(unit !== undefined && { unit }) };
    const instrument =
      kind === 'gauge'
        ? meter.createObservableGauge(name, options)
        : meter.createObservableCounter(name, options);
    return { instrument, values };
  });
  meter.addBatchObservableCallback(
    (result) => {
      const readings = read();
      for (const { instrument, values } of made) {
        for (const [value, labels] of values(readings)) result.observe(instrument, value, labels);
      }
    },
    made.map(({ instrument }) => instrument),
  );
}
