import { resourceFromAttributes } from '@opentelemetry/resources';
import { samplerFrom } from '../../src/server/otel/sampler.ts';
import { requestWriter } from '../../src/server/otel/span-exporter.ts';
import { createSpanOutlet } from '../../src/server/otel/spans.ts';
import type { WrittenSpan } from '../../src/server/otel/spans.ts';
import type { SpanOutlet } from '../../src/telemetry/tracing.ts';
import { readSpans } from './otlp-receiver.ts';
import type { ReceivedSpan } from './otlp-receiver.ts';

export interface WatchedOutlet {
  readonly outlet: SpanOutlet;
  /** What a collector reads when all spans so far come in one request. */
  readonly sent: () => ReceivedSpan[];
  /** That request. */
  readonly request: () => Uint8Array;
}

/** The outlet that servers have, with a sampler as variables name it; only the network is left out. */
export function watchedOutlet(env: Readonly<Record<string, string>> = {}): WatchedOutlet {
  const spans: WrittenSpan[] = [];
  const resource = resourceFromAttributes({ 'service.name': 'portreeve', 'service.instance.id': 'i0' });
  const processor = { onEnd: (span: unknown) => void spans.push(span as WrittenSpan) };
  const request = (): Uint8Array => requestWriter(resource)(spans);
  return {
    outlet: createSpanOutlet({ sampler: samplerFrom(env), processor, resource }),
    sent: () => readSpans(request()),
    request,
  };
}
