import { ROOT_CONTEXT, SpanKind, TraceFlags, trace } from '@opentelemetry/api';
import type { SpanContext } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import { SamplingDecision } from '@opentelemetry/sdk-trace';
import type { ReadableSpan, Sampler, SpanProcessor } from '@opentelemetry/sdk-trace';
import type { FinishedSpan, SpanOutlet } from '../../telemetry/tracing.ts';
import { writeSpan } from './span-text.ts';

/** Spans are written one after the other into pieces of memory of this size: the heap holds nothing that waits long. */
const pieceBytes = 65_536;

/** A span that was written when it ended, and waits to be sent. */
export class WrittenSpan {
  readonly #context: SpanContext;
  readonly resource: Resource;
  readonly piece: Buffer;
  readonly from: number;
  readonly to: number;

  constructor(context: SpanContext, resource: Resource, piece: Buffer, from: number, to: number) {
    this.#context = context;
    this.resource = resource;
    this.piece = piece;
    this.from = from;
    this.to = to;
  }

  spanContext(): SpanContext {
    return this.#context;
  }
}

/**
 * Hands finished spans to whatever collects them for sending. A span of the library's own costs many times what is left of
 * it on the wire: here decisions become bytes at once. Of spans that wait, the library's batching asks for no more than
 * their context and their resource; the exporter must be ours (`createSpanExporter`).
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
      const { traceId, spanId } = span;
      const context = { traceId, spanId, traceFlags: TraceFlags.SAMPLED };
      const written = new WrittenSpan(context, resource, piece, end - text.length, end);
      processor.onEnd(written as WrittenSpan & ReadableSpan);
    },
  };
}
