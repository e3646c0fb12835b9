import type { Meter } from '@opentelemetry/api';
import { label, metric } from './names.ts';
import { gauge, one } from './gauge-kinds.ts';
import type { Observed, Values } from './gauge-kinds.ts';
import type { GaugeReadings, SourceReading } from './readings.ts';
import { workerGauges } from './worker-gauges.ts';

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
  ...workerGauges,
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
