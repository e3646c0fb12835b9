import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { startTracing } from '../../../../src/server/otel/otel.ts';
import { startDecisionSpan } from '../../../../src/telemetry/tracing.ts';
import type { SpanEnd } from '../../../../src/telemetry/tracing.ts';
import { bodyOf, readSpans } from '../../../helpers/otlp-receiver.ts';
import type { ReceivedSpan } from '../../../helpers/otlp-receiver.ts';

const made: SpanEnd = {
  decision_id: 'd0',
  tenant: 'default',
  outcome: 'allow',
  enforced: true,
  reasons: [{ code: 'policy.ok' }],
  device_id: 'meter-1',
  assurance: 'device_proved',
  versions: {
    program: '0.1.0',
    bundle: null,
    ...{ configuration: 'c0', anchors: 'a0', classes: 'k0', catalogue: 'r0', epochs: {} },
  },
  faults: [],
};

interface Received {
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly connection: number | undefined;
  readonly spans: readonly ReceivedSpan[];
}

/** A collector that refuses the first so many requests: for now (503), or with another status. */
async function collector(
  t: ExecutionContext,
  refusals = 0,
  refusal = 503,
): Promise<{ url: string; requests: Received[] }> {
  const requests: Received[] = [];
  const server = createServer((request, response) => {
    const { url, headers, socket } = request;
    void bodyOf(request).then((body) => {
      requests.push({ url, headers, connection: socket.remotePort, spans: readSpans(body) });
      response.writeHead(requests.length > refusals ? 200 : refusal).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close().closeAllConnections());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

function decide(times: number): readonly string[] {
  return Array.from({ length: times }, () => {
    const span = startDecisionSpan({ door: 'native' });
    span.end(made);
    return span.spanId;
  });
}

/* What traces is one for the whole process. */
test.serial('spans go in batches, with the headers and the resource asked for', async (t) => {
  const { url, requests } = await collector(t);
  const tracing = startTracing(
    { version: '1.2.3', instance: 'i0' },
    {
      OTEL_EXPORTER_OTLP_ENDPOINT: `${url}/x/`,
      OTEL_EXPORTER_OTLP_HEADERS: 'api-key=a%20b',
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '4',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=é',
      OTEL_SERVICE_NAME: 'pdp',
    },
  );
  const ids = decide(4);
  while (requests.length < 1) await new Promise((resolve) => setTimeout(resolve, 5));
  const more = decide(6);
  await tracing.shutdown();
  t.deepEqual(
    requests.map(({ spans }) => spans.length).toSorted((a, b) => b - a),
    [4, 4, 2],
  );
  t.deepEqual(
    new Set(requests.flatMap(({ spans }) => spans.map(({ spanId }) => spanId))),
    new Set([...ids, ...more]),
  );
  for (const { url: path, headers, spans } of requests) {
    t.is(path, '/x/v1/traces');
    t.like(headers, { 'content-type': 'application/x-protobuf', 'api-key': 'a b' });
    t.deepEqual(spans[0]?.resource, {
      'service.instance.id': 'i0',
      'deployment.environment.name': 'é',
      'service.name': 'pdp',
      'service.version': '1.2.3',
    });
  }
});

test.serial('what a collector refuses for now is sent again, over the same connection', async (t) => {
  const { url, requests } = await collector(t, 1);
  const tracing = startTracing({ version: '1', instance: 'i' }, { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: url });
  const ids = decide(1);
  await tracing.shutdown();
  t.deepEqual(
    requests.map(({ spans }) => spans.map(({ spanId }) => spanId)),
    [ids, ids],
  );
  t.is(requests[0]?.connection, requests[1]?.connection);
  t.deepEqual(tracing.dropped(), { queue_full: 0, not_sent: 0 });
});

test.serial(
  'more spans than the queue holds are dropped and counted, and decisions do not notice',
  async (t) => {
    const { url, requests } = await collector(t);
    const tracing = startTracing(
      { version: '1', instance: 'i' },
      {
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: url,
        OTEL_BSP_MAX_QUEUE_SIZE: '8',
        OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '4',
      },
    );
    t.notThrows(() => decide(100));
    await tracing.shutdown();
    const sent = requests.flatMap(({ spans }) => spans).length;
    t.true(sent >= 8 && sent < 100, String(sent));
    t.deepEqual(tracing.dropped(), { queue_full: 100 - sent, not_sent: 0 });
  },
);

test.serial('what has left the queue makes room, whether it was taken or refused', async (t) => {
  const { url, requests } = await collector(t, 1, 400);
  const tracing = startTracing(
    { version: '1', instance: 'i' },
    {
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: url,
      ...{ OTEL_BSP_MAX_QUEUE_SIZE: '4', OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '4' },
    },
  );
  for (let batch = 1; batch <= 5; batch += 1) {
    decide(4);
    while (requests.length < batch) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await tracing.shutdown();
  t.deepEqual(
    requests.map(({ spans }) => spans.length),
    [4, 4, 4, 4, 4],
  );
  t.deepEqual(tracing.dropped(), { queue_full: 0, not_sent: 4 });
});

test.serial('spans that a collector refuses for good are counted, and the next ones are sent', async (t) => {
  const { url, requests } = await collector(t, 1, 400);
  const tracing = startTracing(
    { version: '1', instance: 'i' },
    { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: url, OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '3' },
  );
  decide(3);
  while (tracing.dropped().not_sent === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const ids = decide(2);
  await tracing.shutdown();
  t.deepEqual(
    requests[1]?.spans.map(({ spanId }) => spanId),
    ids,
  );
  t.deepEqual(tracing.dropped(), { queue_full: 0, not_sent: 3 });
});

test.serial('after the end spans are dropped, and the record still has its trace', async (t) => {
  const { url, requests } = await collector(t);
  const tracing = startTracing({ version: '1', instance: 'i' }, { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: url });
  await tracing.shutdown();
  const span = startDecisionSpan({ door: 'native' });
  t.notThrows(() => span.end(made));
  t.not(span.trace, null);
  t.is(requests.length, 0);
});
