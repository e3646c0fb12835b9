import type { Attributes, Meter } from '@opentelemetry/api';
import { label, metric } from './names.ts';

/** State that is read when metrics are collected. Ages in seconds. */
export interface GaugeReadings {
  readonly workers: readonly WorkerReading[];
  readonly auditWritable: boolean;
  readonly crls: readonly {
    readonly issuer: string;
    /** First hex digits of the key's digest: an issuer may have two keys. */
    readonly issuerKey: string;
    readonly ageS: number;
    /** Until nextUpdate; negative once it has passed. */
    readonly remainingS: number;
    readonly entries: number;
  }[];
  readonly bundleAgeS: number | null;
  readonly epochs: Readonly<Record<string, number>>;
  /** Source → whether its last reading failed. */
  readonly feeds: readonly { readonly source: string; readonly failed: boolean }[];
  readonly reloadFailed: boolean;
  readonly storeBytes: number | null;
  readonly observeInForce: number;
  readonly glassInForce: number;
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
}

/** One gauge: its name, what it says, and what it reads. */
interface Gauge {
  readonly name: string;
  readonly description: string;
  readonly unit?: string;
  readonly values: (readings: GaugeReadings) => readonly (readonly [number, Attributes])[];
}

const perWorker =
  (value: (worker: WorkerReading) => number) =>
  (readings: GaugeReadings): readonly (readonly [number, Attributes])[] =>
    readings.workers
      .filter((worker) => worker.ready)
      .map((worker) => [value(worker), { [label.worker]: worker.index }]);

const perCrl =
  (value: (crl: GaugeReadings['crls'][number]) => number) =>
  (readings: GaugeReadings): readonly (readonly [number, Attributes])[] =>
    readings.crls.map((crl) => [
      value(crl),
      { [label.issuer]: crl.issuer, [label.issuerKey]: crl.issuerKey },
    ]);

const one = (value: number | null): readonly (readonly [number, Attributes])[] =>
  value === null ? [] : [[value, {}]];

const gauges: readonly Gauge[] = [
  {
    name: metric.workers,
    description: 'Workers that are ready to decide',
    values: (readings) => one(readings.workers.filter((worker) => worker.ready).length),
  },
  {
    name: metric.auditWritable,
    description: '1 while audit records can be written',
    values: (readings) => one(Number(readings.auditWritable)),
  },
  {
    name: metric.crlAge,
    description: 'Time since the thisUpdate of the CRL in force',
    unit: 's',
    values: perCrl((crl) => crl.ageS),
  },
  {
    name: metric.crlRemaining,
    description: 'Time until the nextUpdate of the CRL in force; negative once stale',
    unit: 's',
    values: perCrl((crl) => crl.remainingS),
  },
  {
    name: metric.crlEntries,
    description: 'Revoked certificates on the CRL in force',
    values: perCrl((crl) => crl.entries),
  },
  {
    name: metric.bundleAge,
    description: 'Time since the policy bundle in force was loaded',
    unit: 's',
    values: (readings) => one(readings.bundleAgeS),
  },
  {
    name: metric.epoch,
    description: 'Number of the last change to state, by where changes come from',
    values: (readings) =>
      Object.entries(readings.epochs).map(([origin, epoch]) => [epoch, { [label.origin]: origin }]),
  },
  {
    name: metric.feedError,
    description: '1 while the last reading of a CRL source failed',
    values: (readings) =>
      readings.feeds.map((feed) => [Number(feed.failed), { [label.source]: feed.source }]),
  },
  {
    name: metric.reloadError,
    description: '1 while a changed configuration, bundle or anchor was refused',
    values: (readings) => one(Number(readings.reloadFailed)),
  },
  {
    name: metric.cacheHits,
    description: 'Certificates found in the cache of parsed and verified ones, since the worker started',
    values: perWorker((worker) => worker.cacheHits),
  },
  {
    name: metric.cacheMisses,
    description: 'Certificates that had to be parsed and verified, since the worker started',
    values: perWorker((worker) => worker.cacheMisses),
  },
  {
    name: metric.cacheSize,
    description: 'Certificates in the cache',
    values: perWorker((worker) => worker.cacheSize),
  },
  {
    name: metric.eventLoopDelay,
    description: '99th percentile of the event loop delay between two heartbeats',
    unit: 's',
    values: perWorker((worker) => worker.eventLoopDelayS),
  },
  {
    name: metric.wasmPages,
    description: 'Pages (64 KiB) of WASM memory that the policy uses',
    values: perWorker((worker) => worker.wasmPages),
  },
  {
    name: metric.storeBytes,
    description: 'Size of the state file and its write-ahead log',
    unit: 'By',
    values: (readings) => one(readings.storeBytes),
  },
  {
    name: metric.observeInForce,
    description: 'Observe entries of the configuration that are in force',
    values: (readings) => one(readings.observeInForce),
  },
  {
    name: metric.glassInForce,
    description: 'Broken glasses of the configuration that are in force',
    values: (readings) => one(readings.glassInForce),
  },
];

/** Makes every gauge; `read` is called once a collection, so that one scrape shows one moment. */
export function observeGauges(meter: Meter, read: () => GaugeReadings): void {
  const made = gauges.map((gauge) => ({
    gauge,
    instrument: meter.createObservableGauge(gauge.name, {
      description: gauge.description,
      ...(gauge.unit === undefined ? {} : { unit: gauge.unit }),
    }),
  }));
  meter.addBatchObservableCallback(
    (result) => {
      const readings = read();
      for (const { gauge, instrument } of made) {
        for (const [value, labels] of gauge.values(readings)) result.observe(instrument, value, labels);
      }
    },
    made.map(({ instrument }) => instrument),
  );
}
