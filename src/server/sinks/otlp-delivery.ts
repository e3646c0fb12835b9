import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { ProtobufLogsSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { SinkConfig } from '../../config/types.ts';
import type { EpochMs } from '../../lib/clock.ts';
import { attribute, logAttribute, scopeName, semantic } from '../../telemetry/names.ts';
import { exchange } from '../audit/exchange.ts';
import type { Answer } from '../audit/exchange.ts';
import { programVersion } from '../program.ts';
import { refused } from '../sources/failures.ts';
import { aboutOf } from './about.ts';
import type { Urgency } from './about.ts';
import { inSlices } from './batch.ts';
import { messageOf, stubOf } from './message.ts';
import type { Delivery, SinkEntry } from './types.ts';

type LogRecords = Parameters<(typeof ProtobufLogsSerializer)['serializeRequest']>[0];
type LogRecord = LogRecords[number];

/** Numbers of the logs data model: INFO, INFO2, WARN, ERROR. */
const severities: Readonly<Record<Urgency, number>> = { info: 9, notice: 10, warning: 13, error: 17 };

/** Statuses of a batch that was taken: the protocol's own, and those of receivers that answer without a word. */
const taken: readonly number[] = [200, 202, 204];

/** Statuses of a batch that is refused for what is in it: not to be read, too large, not to be worked on. */
const unfit: readonly number[] = [400, 413, 422];

/** In the place of a record that was refused goes nothing of what it says: any of that may be what was wrong. */
const mostOfStub = 0;

const packed = promisify(gzip);

/**
 * An OpenTelemetry collector by OTLP over HTTP. A batch counts as taken once it is answered by 200, or by another success
 * that some receivers answer with; what a collector says that it rejected is not sent again, as the protocol asks, but
 * counted. A batch that is refused for what is in it goes in smaller parts, so that a record that a collector never takes
 * holds up no other: its place is sent instead, and it is counted as rejected. A collector that does not take that either
 * takes nothing, and is waited for.
 */
export function otlpDelivery(config: SinkConfig, url: string, o: OtlpSender): Delivery {
  const common: Common = {
    resource: resourceFromAttributes({
      [semantic.serviceName]: scopeName,
      [semantic.serviceVersion]: programVersion,
      [semantic.serviceInstance]: o.instance,
    }),
    instrumentationScope: { name: scopeName, version: programVersion },
    droppedAttributesCount: 0,
  };
  const post = async (batch: readonly SinkEntry[], signal: AbortSignal, text: Text): Promise<Answer> => {
    const records: LogRecord[] = [];
    const observed = o.now();
    for await (const record of inSlices(batch, (entry) => recordOf(entry, text(entry), common, observed)))
      records.push(record);
    const request = ProtobufLogsSerializer.serializeRequest(records);
    if (request === undefined) throw refused(`${url}: the batch cannot be written as OTLP`);
    const { ca, certificate, key, headers_file: headersFile, timeout } = config;
    return exchange(
      {
        ...{ url, method: 'POST', body: await packed(request), headersFile, ca, timeout, signal },
        ...(certificate !== null && key !== null && { client: { certificate, key } }),
        headers: { 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' },
        ...{ wanted: [...taken, ...unfit], maxBytes: 65_536 },
      },
      o.now(),
    );
  };
  const deliver = async (batch: readonly SinkEntry[], signal: AbortSignal): Promise<number> => {
    const answer = await post(batch, signal, (entry) => messageOf(entry, config.format));
    if (taken.includes(answer.status)) return rejectedIn(answer.body, batch.length);
    const half = batch.length >> 1;
    if (half > 0)
      return (await deliver(batch.slice(0, half), signal)) + (await deliver(batch.slice(half), signal));
    const { status } = await post(batch, signal, (entry) => stubOf(entry, config.format, mostOfStub));
    if (!taken.includes(status)) throw refused(`${url}: answers ${status}`);
    return 1;
  };
  return {
    // What is written as OTLP is written in one go.
    limits: { entries: 128, bytes: 1_048_576 },
    deliver: async (batch, signal) => ({ rejected: await deliver(batch, signal) }),
    close: () => Promise.resolve(),
  };
}

type Text = (entry: SinkEntry) => string;

/** Who sends. */
export interface OtlpSender {
  /** The store's own name. */
  readonly instance: string;
  readonly now: () => EpochMs;
}

type Common = Pick<LogRecord, 'resource' | 'instrumentationScope' | 'droppedAttributesCount'>;

function recordOf(entry: SinkEntry, body: string, common: Common, observed: EpochMs): LogRecord {
  const { kind, time, urgency, decisionId, outcome, reason, tenant, trace } = aboutOf(entry.bytes);
  const told = {
    [logAttribute.log]: entry.log,
    [logAttribute.index]: entry.index,
    [logAttribute.hash]: entry.hash,
    [logAttribute.kind]: kind,
    [attribute.decisionId]: decisionId,
    [attribute.outcome]: outcome,
    [attribute.reason]: reason,
    [attribute.tenant]: tenant,
  };
  return {
    ...common,
    hrTime: toHrTime(time),
    hrTimeObserved: toHrTime(observed),
    severityNumber: severities[urgency],
    severityText: urgency,
    eventName: `portreeve.${kind}`,
    body,
    attributes: Object.fromEntries(Object.entries(told).filter(([, value]) => value !== null)),
    // Whether the trace was sampled is not in the record.
    ...(trace !== null && { spanContext: { ...trace, traceFlags: 0 } }),
  };
}

/** Seconds and nanoseconds. */
function toHrTime(ms: EpochMs): [number, number] {
  const seconds = Math.floor(ms / 1000);
  return [seconds, (ms - seconds * 1000) * 1_000_000];
}

/** An answer that cannot be read rejects nothing: its status said that the batch was taken. */
function rejectedIn(body: Uint8Array, most: number): number {
  if (body.byteLength === 0) return 0;
  try {
    const rejected = Number(
      ProtobufLogsSerializer.deserializeResponse(body).partialSuccess?.rejectedLogRecords ?? 0,
    );
    return Number.isFinite(rejected) ? Math.min(Math.max(0, rejected), most) : 0;
  } catch {
    return 0;
  }
}
