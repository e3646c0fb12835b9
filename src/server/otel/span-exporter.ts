import type { Agent } from 'node:http';
import { OTLPExporterBase } from '@opentelemetry/otlp-exporter-base';
import {
  convertLegacyHttpOptions,
  createOtlpHttpExportDelegate,
} from '@opentelemetry/otlp-exporter-base/node-http';
import { ProtobufTraceSerializer, TraceExporterMetricsHelper } from '@opentelemetry/otlp-transformer';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import { numberField, opening, part, textField } from '../../api/wire-text.ts';
import { scopeName } from '../../telemetry/names.ts';
import type { SpanAttributes } from '../../telemetry/span-attributes.ts';
import { attributeFields } from './attributes.ts';
import type { WrittenSpan } from './spans.ts';

/**
 * Sends written spans by OTLP over HTTP as the library's exporter does: its transport, with its retries and the standard
 * variables for timeouts and compression. All spans must be of this resource.
 */
export function createSpanExporter(to: {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly agent: (protocol: string) => Agent;
  readonly resource: Resource;
}): SpanExporter {
  const { url, headers, agent, resource } = to;
  const options = convertLegacyHttpOptions(
    { url, headers, httpAgentOptions: agent },
    ...(['TRACES', 'v1/traces', { 'Content-Type': 'application/x-protobuf' }] as const),
  );
  const write = requestWriter(resource);
  const serializer = {
    serializeRequest: (spans: ReadableSpan[]) => write(spans as (WrittenSpan & ReadableSpan)[]),
    deserializeResponse: (answer: Uint8Array) => ProtobufTraceSerializer.deserializeResponse(answer),
  };
  return new OTLPExporterBase(
    createOtlpHttpExportDelegate(
      ...([options, serializer, 'otlp_http_span_exporter', TraceExporterMetricsHelper, undefined] as const),
    ),
  );
}

/** Joins spans to an ExportTraceServiceRequest: one `ResourceSpans`, in it one `ScopeSpans`. */
export function requestWriter(resource: Resource): (spans: readonly WrittenSpan[]) => Uint8Array {
  const attributes = attributeFields(resource.attributes as SpanAttributes, 1);
  const ofResource = part(1, attributes + numberField(2, 0));
  const ofScope = part(1, textField(1, scopeName));
  return (spans) => {
    let length = 0;
    for (const { from, to } of spans) length += to - from;
    const scope = opening(2, ofScope.length + length) + ofScope;
    const head = opening(1, ofResource.length + scope.length + length) + ofResource + scope;
    const request = Buffer.allocUnsafeSlow(head.length + length);
    let at = request.write(head, 'latin1');
    for (const { piece, from, to } of spans) at += piece.copy(request, at, from, to);
    return request;
  };
}
