import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { ProtobufLogsSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { SinkConfig } from '../../config/types.ts';
import type { EpochMs } from '../../lib/clock.ts';
import { attribute, logAttribute, scopeName, semantic } from '../../telemetry/names.ts';
import { exchange } from '../audit/exchange.ts';
import { programVersion } from '../program.ts';
import { refused } from '../sources/failures.ts';
import { aboutOf } from './about.ts';
import type { Urgency } from './about.ts';
import { inSlices } from './batch.ts';
import { messageOf } from './message.ts';
import type { Delivery, SinkEntry } from './types.ts';

type LogRecords = Parameters<(typeof ProtobufLogsSerializer)['serializeRequest']>[0];
type LogRecord = LogRecords[number];

/** Numbers of the logs data model: INFO, INFO2, WARN, ERROR. */
const severities: Readonly<Record<Urgency, number>> = { info: 9, notice: 10, warning: 13, error: 17 };

const packed = promisify(gzip);

/**
 * An OpenTelemetry collector by OTLP over HTTP. A batch counts as taken once it is answered by 200; what a collector says
 * that it rejected is not sent again, as the protocol asks, but counted.
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
  return {
    // What is written as OTLP is written in one go.
    limits: { entries: 128, bytes: 1_048_576 },
    deliver: async (batch, signal) => {
      const records: LogRecord[] = [];
      const observed = o.now();
      for await (const record of inSlices(batch, (entry) => recordOf(entry, config, common, observed)))
        records.push(record);
      const request = ProtobufLogsSerializer.serializeRequest(records);
      if (request === undefined) throw refused(`${url}: the batch cannot be written as OTLP`);
      const { ca, headers_file: headersFile, timeout } = config;
      const answer = await exchange(
        {
          ...{ url, method: 'POST', body: await packed(request), headersFile, ca, timeout, signal },
          headers: { 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' },
          ...{ wanted: [200], maxBytes: 65_536 },
        },
        o.now(),
      );
      return { rejected: rejectedIn(answer.body, batch.length) };
    },
    close: () => Promise.resolve(),
  };
}

/** Who sends. */
export interface OtlpSender {
  /** The store's own name. */
  readonly instance: string;
  readonly now: () => EpochMs;
}

type Common = Pick<LogRecord, 'resource' | 'instrumentationScope' | 'droppedAttributesCount'>;

function recordOf(entry: SinkEntry, { format }: SinkConfig, common: Common, observed: EpochMs): LogRecord {
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
    body: messageOf(entry, format),
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
