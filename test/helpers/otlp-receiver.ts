import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import protobuf from 'protobufjs';

/** The fields of OTLP 1.x that tests read, in words of our own; numbers are the protocol's. */
const protocol = `
  syntax = "proto3";
  message Any { oneof value { string string = 1; bool bool = 2; int64 int = 3; double double = 4; List list = 5; } }
  message List { repeated Any values = 1; }
  message Pair { string key = 1; Any value = 2; }
  message Resource { repeated Pair attributes = 1; }
  message Event { fixed64 time = 1; string name = 2; }
  message Status { string message = 2; int32 code = 3; }
  message Span {
    bytes trace_id = 1; bytes span_id = 2; bytes parent_span_id = 4; string name = 5; int32 kind = 6;
    fixed64 start = 7; fixed64 end = 8; repeated Pair attributes = 9; repeated Event events = 11; Status status = 15;
  }
  message ScopeSpans { repeated Span spans = 2; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scopes = 2; }
  message Traces { repeated ResourceSpans resources = 1; }
  message Point { double double = 4; sfixed64 int = 6; repeated Pair attributes = 7; }
  message Points { repeated Point points = 1; }
  message Metric { string name = 1; Points gauge = 5; Points sum = 7; }
  message ScopeMetrics { repeated Metric metrics = 2; }
  message ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scopes = 2; }
  message Metrics { repeated ResourceMetrics resources = 1; }
  message Log {
    fixed64 time = 1; int32 severity = 2; string severity_text = 3; Any body = 5; repeated Pair attributes = 6;
    bytes trace_id = 9; bytes span_id = 10; fixed64 observed = 11; string event = 12;
  }
  message ScopeLogs { repeated Log logs = 2; }
  message ResourceLogs { Resource resource = 1; repeated ScopeLogs scopes = 2; }
  message Logs { repeated ResourceLogs resources = 1; }
  message Partial { int64 rejected = 1; string message = 2; }
  message LogsAnswer { Partial partial = 1; }
`;

const otlp = protobuf.parse(protocol, { keepCase: true }).root;

export type Attributes = Readonly<Record<string, unknown>>;

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a root. */
  readonly parentSpanId: string;
  readonly name: string;
  /** 2 = server. */
  readonly kind: number;
  readonly events: readonly string[];
  readonly attributes: Attributes;
  readonly resource: Attributes;
  /** 0 unset, 2 error. */
  readonly status: number;
  /** Nanoseconds. */
  readonly duration: bigint;
}

export interface ReceivedPoint {
  readonly metric: string;
  readonly value: number;
  readonly attributes: Attributes;
}

export interface OtlpReceiver {
  readonly url: string;
  readonly spans: readonly ReceivedSpan[];
  /** Points of sums and gauges of the last push. */
  points(): readonly ReceivedPoint[];
  close(): void;
}

export interface ReceivedLog {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly severity: number;
  readonly severityText: string;
  readonly event: string;
  readonly body: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: Attributes;
  readonly resource: Attributes;
}

/** The logs of an export request. */
export function readLogs(body: Uint8Array): ReceivedLog[] {
  return decode('Logs', body).resources.flatMap(({ resource, scopes }) =>
    scopes.flatMap(({ logs }) =>
      logs.map((log) => ({
        time: Number(BigInt(log.time) / 1_000_000n),
        severity: log.severity,
        severityText: log.severity_text,
        event: log.event,
        body: String(valueOf(log.body)),
        traceId: log.trace_id.toString('hex'),
        spanId: log.span_id.toString('hex'),
        attributes: attributesOf(log.attributes),
        resource: attributesOf(resource.attributes),
      })),
    ),
  );
}

/** The answer of a collector that took a request of logs and rejected so many of them. */
export function logsAnswer(rejected: number): Uint8Array {
  return otlp
    .lookupType('LogsAnswer')
    .encode({ partial: { rejected, message: 'no' } })
    .finish();
}

/** A real OTLP/HTTP receiver: decodes protobuf as collectors do and remembers what came. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  let points: ReceivedPoint[] = [];
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      if (request.url === '/v1/traces') spans.push(...readSpans(body));
      if (request.url === '/v1/metrics') points = readPoints(body);
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    points: () => points,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** The body of a request, unpacked. */
export async function bodyOf(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  return request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
}

/** What the decoder gives, with defaults filled in and 64-bit integers as text. */
interface WireAny {
  readonly value?: string;
  readonly list?: { readonly values: readonly WireAny[] };
  readonly [kind: string]: unknown;
}
interface WireResource {
  readonly attributes: readonly { readonly key: string; readonly value: WireAny }[];
}
interface WireSpan {
  readonly trace_id: Buffer;
  readonly span_id: Buffer;
  readonly parent_span_id: Buffer;
  readonly name: string;
  readonly kind: number;
  readonly start: string;
  readonly end: string;
  readonly attributes: WireResource['attributes'];
  readonly events: readonly { readonly name: string }[];
  readonly status: { readonly code: number } | null;
}
interface WirePoints {
  readonly points: readonly {
    readonly double: number;
    readonly int: string;
    readonly attributes: WireResource['attributes'];
  }[];
}
interface WireLog {
  readonly time: string;
  readonly severity: number;
  readonly severity_text: string;
  readonly event: string;
  readonly body: WireAny;
  readonly attributes: WireResource['attributes'];
  readonly trace_id: Buffer;
  readonly span_id: Buffer;
}
interface WireScope {
  readonly logs: readonly WireLog[];
  readonly spans: readonly WireSpan[];
  readonly metrics: readonly {
    readonly name: string;
    readonly sum: WirePoints | null;
    readonly gauge: WirePoints | null;
  }[];
}
interface WireBatch {
  readonly resources: readonly { readonly resource: WireResource; readonly scopes: readonly WireScope[] }[];
}

function decode(type: 'Traces' | 'Metrics' | 'Logs', body: Uint8Array): WireBatch {
  const message = otlp.lookupType(type).decode(body);
  return otlp.lookupType(type).toObject(message, {
    longs: String,
    arrays: true,
    defaults: true,
    oneofs: true,
    bytes: Buffer,
  }) as WireBatch;
}

/** The spans of an export request. */
export function readSpans(body: Uint8Array): ReceivedSpan[] {
  return decode('Traces', body).resources.flatMap(({ resource, scopes }) =>
    scopes.flatMap(({ spans }) =>
      spans.map((span) => ({
        traceId: span.trace_id.toString('hex'),
        spanId: span.span_id.toString('hex'),
        parentSpanId: span.parent_span_id.toString('hex'),
        name: span.name,
        kind: span.kind,
        events: span.events.map(({ name }) => name),
        attributes: attributesOf(span.attributes),
        resource: attributesOf(resource.attributes),
        status: span.status?.code ?? 0,
        duration: BigInt(span.end) - BigInt(span.start),
      })),
    ),
  );
}

function readPoints(body: Uint8Array): ReceivedPoint[] {
  return decode('Metrics', body).resources.flatMap(({ scopes }) =>
    scopes.flatMap(({ metrics }) =>
      metrics.flatMap(
        ({ name, sum, gauge }) =>
          (sum ?? gauge)?.points.map((point) => ({
            metric: name,
            value: point.double === 0 ? Number(point.int) : point.double,
            attributes: attributesOf(point.attributes),
          })) ?? [],
      ),
    ),
  );
}

function attributesOf(pairs: WireResource['attributes']): Attributes {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, valueOf(value)]));
}

function valueOf(any: WireAny): unknown {
  if (any.value === 'list') return any.list?.values.map(valueOf);
  return any.value === undefined ? undefined : any[any.value];
}
