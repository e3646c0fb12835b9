import test from 'ava';
import { startMetering } from '../../../src/server/otel/otel.ts';
import { addDuration, noDurations } from '../../../src/telemetry/durations.ts';
import type { Durations } from '../../../src/telemetry/durations.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import type { CountedKind, GaugeReadings, Metrics, StageTimes } from '../../../src/telemetry/metrics.ts';
import { parsePrometheus, valueOf } from '../../helpers/prometheus.ts';

const readings: GaugeReadings = {
  workers: [
    {
      index: 0,
      ready: true,
      eventLoopDelayS: 0.01,
      wasmPages: 4,
      connections: 3,
      connectionsEnded: { protocol: 2, resets: 0 },
      callsEnded: { client_reset: 7 },
      bufferedBytes: 1234,
      callsWaiting: 12,
      callsShed: { waited: 5, no_room: 1 },
      callsAbandoned: 2,
      spansDropped: { queue_full: 9, not_sent: 0 },
      kept: [
        { name: 'devices', entries: 9, bound: 10, hits: 8, misses: 7, evictions: 6 },
        {
          ...{ name: 'credentials', entries: 4, bound: 10, bytes: { held: 900, bound: 1000 } },
          ...{ hits: 0, misses: 5, evictions: 1 },
        },
      ],
    },
    {
      index: 1,
      ready: false,
      eventLoopDelayS: 0,
      wasmPages: 0,
      connections: 0,
      connectionsEnded: {},
      callsEnded: {},
      bufferedBytes: 0,
      callsWaiting: 0,
      callsShed: {},
      callsAbandoned: 0,
      spansDropped: {},
      kept: [],
    },
  ],
  kept: [{ name: 'key_uses', entries: 3, bound: 5, hits: 2, misses: 4, evictions: 1 }],
  auditWritable: true,
  crls: [
    {
      issuer: 'CN=Meters "A"\\,O=Example',
      issuerKey: '00ff',
      scope: '',
      delta: false,
      ageS: 60,
      remainingS: -5,
      entries: 3,
    },
  ],
  bundleAgeS: 12,
  bundleUnconfirmedS: 70,
  bundleStale: true,
  bundlePinned: false,
  bundleRefused: true,
  shadowOnTrial: true,
  shadowError: false,
  epochs: { local: 9 },
  sources: [{ kind: 'crl', name: '/crls/a.crl', failed: true, ageS: 7, failures: 2 }],
  reloadFailed: false,
  storeBytes: null,
  clockTrusted: true,
  clockAheadS: 0,
  observeInForce: 1,
  glassInForce: 0,
};

const denied: CountedKind = {
  door: 'native',
  outcome: 'deny',
  enforced: true,
  reason: 'revocation.revoked',
  assurance: 'none',
  reasons: [{ code: 'revocation.revoked', severity: 'deny' }],
  faults: [],
};

const took = (us: number): Durations => {
  const durations = noDurations();
  addDuration(durations, us);
  return durations;
};
const times: StageTimes = { facts: took(100), policy: took(50), conclude: took(10), total: took(200) };

function metered() {
  const metering = startMetering({ version: '0.1.0', instance: 'test' }, {});
  const metrics: Metrics = createMetrics(metering, () => readings);
  return { metering, metrics, decision: (kind: CountedKind) => metrics.decisions(kind, times) };
}

test('decisions are counted by outcome, enforcement, reason and door, and the scrape parses', async (t) => {
  const { metering, decision } = metered();
  decision(denied);
  decision(denied);
  const samples = parsePrometheus(await metering.prometheus());
  const labels = { outcome: 'deny', enforced: 'true', reason: 'revocation.revoked', door: 'native' };
  t.is(valueOf(samples, 'portreeve_decisions_total', labels), 2);
  t.is(valueOf(samples, 'portreeve_decision_duration_seconds_bucket', { le: '0.00025', door: 'native' }), 2);
  t.is(valueOf(samples, 'portreeve_decision_duration_seconds_count', { door: 'native' }), 2);
  t.is(valueOf(samples, 'portreeve_stage_duration_seconds_count', { stage: 'policy' }), 2);
  await metering.shutdown();
});

test('allows are counted by what they rest on, so that those without proof can be told', async (t) => {
  const { metering, decision } = metered();
  const allowed = { ...denied, outcome: 'allow', reason: 'policy.ok', reasons: [] } as const;
  for (const assurance of [
    'none',
    'gateway_asserted',
    'gateway_asserted',
    'device_proved',
    'attested',
  ] as const)
    decision({ ...allowed, assurance });
  const samples = parsePrometheus(await metering.prometheus());
  const counted = (assurance: string) =>
    valueOf(samples, 'portreeve_decisions_total', { outcome: 'allow', assurance });
  t.deepEqual(['none', 'gateway_asserted', 'device_proved', 'attested'].map(counted), [1, 2, 1, 1]);
  await metering.shutdown();
});

test('buckets of durations go from a quarter of a millisecond to the budget', async (t) => {
  const { metering, decision } = metered();
  decision(denied);
  const samples = parsePrometheus(await metering.prometheus());
  const bounds = samples
    .filter((sample) => sample.name === 'portreeve_decision_duration_seconds_bucket')
    .map((sample) => sample.labels.le);
  t.is(bounds[0], '0.00025');
  t.deepEqual(bounds.slice(-2), ['0.15', '+Inf']);
  await metering.shutdown();
});

test('what passes only because of observe mode or a broken glass is counted by which', async (t) => {
  const { metering, decision } = metered();
  decision({ ...denied, enforced: false });
  decision({
    ...denied,
    enforced: false,
    reasons: [...denied.reasons, { code: 'system.break_glass_used', severity: 'warn' }],
  });
  const samples = parsePrometheus(await metering.prometheus());
  t.is(valueOf(samples, 'portreeve_decisions_unenforced_total', { because: 'observe' }), 1);
  t.is(valueOf(samples, 'portreeve_decisions_unenforced_total', { because: 'break_glass' }), 1);
  await metering.shutdown();
});

test('state is gauges, read at the scrape; a worker that is not ready has none of its own', async (t) => {
  const { metering } = metered();
  const samples = parsePrometheus(await metering.prometheus());
  t.is(valueOf(samples, 'portreeve_workers', {}), 1);
  t.is(valueOf(samples, 'portreeve_state_crl_age_seconds', { issuer: 'CN=Meters "A"\\,O=Example' }), 60);
  t.is(valueOf(samples, 'portreeve_state_crl_remaining_seconds', {}), -5);
  t.is(valueOf(samples, 'portreeve_state_epoch', { origin: 'local' }), 9);
  const source = { kind: 'crl', source: '/crls/a.crl' };
  t.is(valueOf(samples, 'portreeve_feed_error', source), 1);
  t.is(valueOf(samples, 'portreeve_source_age_seconds', source), 7);
  t.is(valueOf(samples, 'portreeve_source_failures', source), 2);
  t.is(samples.filter((sample) => sample.name === 'portreeve_calls_waiting').length, 1);
  t.is(valueOf(samples, 'portreeve_connections', { worker: '0' }), 3);
  t.is(valueOf(samples, 'portreeve_connections_ended_total', { worker: '0', why: 'protocol' }), 2);
  t.is(valueOf(samples, 'portreeve_connections_ended_total', { worker: '0', why: 'resets' }), 0);
  t.is(valueOf(samples, 'portreeve_calls_ended_total', { worker: '0', why: 'client_reset' }), 7);
  t.is(valueOf(samples, 'portreeve_spans_dropped_total', { worker: '0', why: 'queue_full' }), 9);
  t.is(valueOf(samples, 'portreeve_spans_dropped_total', { worker: '0', why: 'not_sent' }), 0);
  t.is(valueOf(samples, 'portreeve_audit_records_lost_total', {}), 0);
  await metering.shutdown();
});

test('what is remembered shows how full it is: by entries, and in bytes where it is bounded so', async (t) => {
  const { metering } = metered();
  const samples = parsePrometheus(await metering.prometheus());
  const told = (kept: string) =>
    Object.fromEntries(
      samples
        .filter(({ name, labels }) => name.startsWith('portreeve_kept_') && labels.kept === kept)
        .map(({ name, value }) => [name.slice('portreeve_kept_'.length), value]),
    );
  const counted = (hits: number, misses: number, evictions: number) => ({
    ...{ hits_total: hits, misses_total: misses, evictions_total: evictions },
  });
  t.deepEqual(told('devices'), { entries: 9, bound: 10, ...counted(8, 7, 6) });
  t.deepEqual(told('credentials'), {
    ...{ entries: 4, bound: 10, bytes: 900, bytes_bound: 1000 },
    ...counted(0, 5, 1),
  });
  t.deepEqual(told('key_uses'), { entries: 3, bound: 5, ...counted(2, 4, 1) });
  const workers = (kept: string) =>
    samples.find(({ name, labels }) => name === 'portreeve_kept_bound' && labels.kept === kept)?.labels
      .worker;
  t.is(workers('credentials'), '0');
  t.is(workers('key_uses'), undefined, 'one for all workers');
  await metering.shutdown();
});

test('in the scrape a unit is written out and ends the name', async (t) => {
  const metering = startMetering({ version: '0.1.0', instance: 'test' }, {});
  createMetrics(metering, () => ({ ...readings, storeBytes: 4096 })).decisions(denied, times);
  const text = await metering.prometheus();
  t.deepEqual(
    [...text.matchAll(/^# UNIT (\S+) (\S+)$/gm)].map(([, name, unit]) => `${name} ${unit}`).sort(),
    [
      'portreeve_calls_buffered_bytes bytes',
      'portreeve_clock_ahead_seconds seconds',
      'portreeve_decision_duration_seconds seconds',
      'portreeve_eventloop_delay_seconds seconds',
      'portreeve_source_age_seconds seconds',
      'portreeve_stage_duration_seconds seconds',
      'portreeve_state_bundle_age_seconds seconds',
      'portreeve_state_bundle_unconfirmed_seconds seconds',
      'portreeve_state_crl_age_seconds seconds',
      'portreeve_state_crl_remaining_seconds seconds',
      'portreeve_store_size_bytes bytes',
    ],
  );
  t.is(valueOf(parsePrometheus(text), 'portreeve_store_size_bytes', {}), 4096);
  await metering.shutdown();
});

test('what only grows is a counter, also where a worker counts it and begins anew', async (t) => {
  let abandoned = 5;
  const metering = startMetering({ version: '0.1.0', instance: 'test' }, {});
  createMetrics(metering, () => ({
    ...readings,
    workers: readings.workers.map((worker) => ({ ...worker, callsAbandoned: abandoned })),
  }));
  const scrape = () => metering.prometheus();
  t.true((await scrape()).includes('# TYPE portreeve_calls_abandoned_total counter\n'));
  abandoned = 1;
  const labels = { worker: '0' };
  t.is(valueOf(parsePrometheus(await scrape()), 'portreeve_calls_abandoned_total', labels), 1);
  await metering.shutdown();
});

test('no metric has a label that could hold a device', async (t) => {
  const { metering, decision } = metered();
  decision(denied);
  const names = new Set(
    parsePrometheus(await metering.prometheus()).flatMap((sample) => Object.keys(sample.labels)),
  );
  t.false([...names].some((name) => /device|decision_id|connection|serial/.test(name)));
  await metering.shutdown();
});
