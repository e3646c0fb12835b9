import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Metadata, credentials } from '@grpc/grpc-js';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import type { DecideRequest } from '../../src/api/decision-service/wire.ts';
import { messageCodec } from '../../src/api/load-protos.ts';
import { startOtlpReceiver } from '../helpers/otlp-receiver.ts';
import type { OtlpReceiver } from '../helpers/otlp-receiver.ts';
import { policies, policyFile, withOpa } from '../helpers/policies.ts';
import { forServer, startServer, until } from '../helpers/server.ts';
import type { Server } from '../helpers/server.ts';
import { deviceId, makeWorld } from '../helpers/world.ts';
import type { World } from '../helpers/world.ts';
import type { Document } from '../helpers/world-document.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';

interface Traced {
  readonly world: World;
  readonly server: Server;
  readonly receiver: OtlpReceiver;
  /** Asks about meter/1 and answers nothing: what counts is what is sent. */
  readonly ask: (traceparent?: string) => Promise<void>;
}

async function traced(
  t: ExecutionContext,
  env: Readonly<Record<string, string>> = {},
  more?: (document: Document) => void,
): Promise<Traced> {
  const receiver = await startOtlpReceiver();
  t.teardown(() => receiver.close());
  const world = await makeWorld({ now: Date.now(), configure: forServer(more) });
  t.teardown(world.close);
  const server = await startServer(t, world.configFile, {
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_BSP_SCHEDULE_DELAY: '50',
      OTEL_METRIC_EXPORT_INTERVAL: '100',
      ...env,
    },
  });
  const leaf = await world.leaf('meter/1');
  const client = new Client(server.address('local'), credentials.createInsecure());
  t.teardown(() => client.close());
  const codec = messageCodec<DecideRequest>('portreeve.v1.DecideRequest');
  const ask = (traceparent?: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const metadata = new Metadata();
      if (traceparent !== undefined) metadata.set('traceparent', traceparent);
      client.makeUnaryRequest(
        '/portreeve.v1.DecisionService/Decide',
        (request: DecideRequest) => codec.encode(request),
        (bytes: Buffer) => bytes,
        {
          peer_chain: [leaf.der],
          authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
          source_ip: '10.20.0.7',
        },
        metadata,
        { deadline: Date.now() + 5000 },
        (error) => (error ? reject(error) : resolve()),
      );
    });
  return { world, server, receiver, ask };
}

test('each decision is one server span under its traceparent, with stages, reasons and versions', async (t) => {
  const { world, server, receiver, ask } = await traced(t);
  await ask(`00-${traceId}-${spanId}-01`);
  await ask();
  await until(() => receiver.spans.length >= 2);
  await server.stop();
  t.is(receiver.spans.length, 2);
  const [first, second] = receiver.spans;
  t.is(first?.traceId, traceId);
  t.is(first?.parentSpanId, spanId);
  t.is(first?.kind, 2);
  t.is(first?.name, 'portreeve.v1.DecisionService/Decide');
  t.true((first?.duration ?? 0n) > 0n);
  for (const stage of ['facts', 'policy', 'record']) t.true(first?.events.includes(stage), stage);
  t.like(first?.attributes, {
    'rpc.system.name': 'grpc',
    'portreeve.outcome': 'allow',
    'portreeve.enforced': true,
    'portreeve.reason': 'policy.ok',
    'portreeve.reasons': ['policy.ok'],
    'device.id': deviceId('meter/1'),
  });
  t.regex(String(first?.attributes['portreeve.versions.bundle']), /^[0-9a-f]{64}$/);
  t.like(first?.resource, { 'service.name': 'portreeve', 'service.instance.id': world.deps.store.instance });
  t.is(second?.parentSpanId, '');
  t.not(second?.traceId, traceId);

  // The record names the span that was sent.
  const records = recordsOf(world);
  t.deepEqual(
    records.map(({ trace_id, span_id }) => [trace_id, span_id]),
    receiver.spans.map((span) => [span.traceId, span.spanId]),
  );
  t.is(first?.attributes['portreeve.decision_id'], records[0]?.decision_id);
});

test("the caller's sampling decision is followed", async (t) => {
  const { server, receiver, ask } = await traced(t);
  await ask(`00-${traceId}-${spanId}-00`);
  await ask(`00-${traceId}-${spanId}-01`);
  await until(() => receiver.spans.length > 0);
  await server.stop();
  t.is(receiver.spans.length, 1);
});

withOpa('a fault gives its span the error status', async (t) => {
  const bundle = policyFile(policies.undefined);
  const { receiver, ask } = await traced(t, {}, (document) => {
    document['policy'] = { bundle };
  });
  await ask();
  await until(() => receiver.spans.length > 0);
  t.is(receiver.spans[0]?.status, 2);
  t.is(receiver.spans[0]?.attributes['error.type'], 'policy.undefined');
});

test('metrics are pushed over OTLP as well, without device ids', async (t) => {
  const { receiver, ask } = await traced(t);
  await ask();
  const counted = () => receiver.points().find(({ metric }) => metric === 'portreeve.decisions');
  await until(() => counted()?.value === 1);
  t.like(counted()?.attributes, { outcome: 'allow', reason: 'policy.ok', door: 'native' });
  const labels = receiver.points().flatMap(({ attributes }) => Object.values(attributes).map(String));
  t.false(labels.some((value) => value.includes('meter/1')));
});

test('without an endpoint, or with the exporter set to none, nothing is sent and decisions are made', async (t) => {
  const { world, server, receiver, ask } = await traced(t, {
    OTEL_TRACES_EXPORTER: 'none',
    OTEL_METRICS_EXPORTER: 'none',
  });
  await ask(`00-${traceId}-${spanId}-01`);
  await server.stop();
  t.is(receiver.spans.length, 0);
  t.is(receiver.points().length, 0);
  // The caller's trace is known to the record all the same.
  t.is(recordsOf(world)[0]?.trace_id, traceId);
});

interface Recorded {
  readonly kind: string;
  readonly decision_id: string;
  readonly trace_id: string | null;
  readonly span_id: string | null;
}

function recordsOf(world: World): Recorded[] {
  return readFileSync(join(world.folder, 'audit/decisions.ndjson'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Recorded)
    .filter(({ kind }) => kind === 'decision');
}
