import {
  INVALID_SPANID,
  INVALID_TRACEID,
  ROOT_CONTEXT,
  SpanKind,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import type { SpanContext } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import { SamplingDecision } from '@opentelemetry/sdk-trace';
import type { ReadableSpan, Sampler, SpanProcessor } from '@opentelemetry/sdk-trace';
import type { FinishedSpan, SpanOutlet } from '../../telemetry/tracing.ts';
import { writeSpan } from './span-text.ts';

/** Spans are written one after the other into pieces of memory of this size: the heap holds nothing that waits long. */
const pieceBytes = 65_536;

/**
 * What the library's batching is told of every span that waits: it asks whether a span is sampled and nothing else of its
 * context. A context of its own would keep two ids in the heap for as long as its span waits, which is long enough to become
 * old.
 */
const sampled: SpanContext = {
  traceId: INVALID_TRACEID,
  spanId: INVALID_SPANID,
  traceFlags: TraceFlags.SAMPLED,
};

/** A span that was written when it ended, its ids too, and waits to be sent. */
export class WrittenSpan {
  readonly resource: Resource;
  readonly piece: Buffer;
  readonly from: number;
  readonly to: number;

  constructor(resource: Resource, piece: Buffer, from: number, to: number) {
    this.resource = resource;
    this.piece = piece;
    this.from = from;
    this.to = to;
  }

  spanContext(): SpanContext {
    return sampled;
  }
}

/**
 * Hands finished spans to whatever collects them for sending. A span of the library's own costs many times what is left of
 * it on the wire: here decisions become bytes at once. Of spans that wait, the library's batching asks for no more than
 * whether they are sampled and their resource; the exporter must be ours (`createSpanExporter`).
 */
export function createSpanOutlet(to: {
  readonly sampler: Sampler;
  readonly processor: Pick<SpanProcessor, 'onEnd'>;
  readonly resource: Resource;
}): SpanOutlet {
  const { sampler, processor, resource } = to;
  let piece = Buffer.alloc(0);
  let at = 0;
  const keep = (text: string): number => {
    if (at + text.length > piece.length) {
      piece = Buffer.allocUnsafeSlow(Math.max(pieceBytes, text.length));
      at = 0;
    }
    return (at += piece.write(text, at, 'latin1'));
  };
  return {
    samples: (traceId, method, parent) => {
      const context = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
      const { decision } = sampler.shouldSample(context, traceId, method, SpanKind.SERVER, {}, []);
      return decision === SamplingDecision.RECORD_AND_SAMPLED;
    },
    take: (span: FinishedSpan) => {
      const text = writeSpan(span);
      const end = keep(text);
      const written = new WrittenSpan(resource, piece, end - text.length, end);
      processor.onEnd(written as WrittenSpan & ReadableSpan);
    },
  };
}
