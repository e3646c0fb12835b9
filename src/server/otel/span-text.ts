import { SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import type { EpochMs } from '../../lib/clock.ts';
import { numberField, opening, part, textField } from '../../api/wire-text.ts';
import {
  callAttributes,
  faultAttributes,
  methodOf,
  outcomeAttributes,
  ownAttributes,
  versionAttributes,
} from '../../telemetry/span-attributes.ts';
import type { SpanOutcome, SpanVersions } from '../../telemetry/span-attributes.ts';
import type { FinishedSpan, SpanEvent } from '../../telemetry/tracing.ts';
import { attributeFields } from './attributes.ts';
import { remembered, rememberedLast } from './remembered.ts';

/*
 * Spans as OTLP has them (opentelemetry/proto/trace/v1, protobuf), written straight from decisions: the same messages that
 * the library writes, without the objects that it makes on the way. All that is the same from one decision to the next
 * is put together once.
 */

/** Fields of `Span`, of `KeyValue` and of the rest, all below 16: each tag is one byte. */
const field = { traceId: 1, spanId: 2, parent: 4, name: 5, kind: 6, start: 7, end: 8, attribute: 9 } as const;

/** The bytes of a span, each a character, with its tag and length as a member of `ScopeSpans`. */
export function writeSpan(span: FinishedSpan): string {
  const { door, start, events, decision } = span;
  let fields = part(field.traceId, bytesOf(span.traceId)) + part(field.spanId, bytesOf(span.spanId));
  if (span.parentSpanId !== undefined) fields += part(field.parent, bytesOf(span.parentSpanId));
  fields += begin(door) + fixed(field.start, start, 0) + fixed(field.end, start, span.duration);
  fields +=
    callText(door) + attributeFields(ownAttributes(decision), field.attribute) + outcomeText(decision);
  fields += versionsText(decision.versions);
  if (decision.faults.length > 0) fields += attributeFields(faultAttributes(decision), field.attribute);
  fields += noAttributesDropped;
  for (const event of events) fields += writeEvent(event, start);
  return part(
    2,
    fields + statusOf(decision.faults[0]) + (span.parentSpanId === undefined ? ofRoot : ofChild),
  );
}

const begin = remembered(
  (door) => textField(field.name, methodOf(door)) + numberField(field.kind, SpanKind.SERVER + 1),
);

const callText = remembered((door) => attributeFields(callAttributes(door), field.attribute));

const outcomeText = rememberedLast(sameOutcome, (of: SpanOutcome) =>
  attributeFields(outcomeAttributes(of), field.attribute),
);

function sameOutcome(a: SpanOutcome, b: SpanOutcome): boolean {
  return (
    a.outcome === b.outcome &&
    a.enforced === b.enforced &&
    a.assurance === b.assurance &&
    a.tenant === b.tenant &&
    a.reasons.length === b.reasons.length &&
    a.reasons.every(({ code }, index) => b.reasons[index]?.code === code)
  );
}

const versionsText = rememberedLast(sameVersions, (of: SpanVersions) =>
  attributeFields(versionAttributes(of), field.attribute),
);

function sameVersions(a: SpanVersions, b: SpanVersions): boolean {
  return (
    a.program === b.program &&
    a.bundle === b.bundle &&
    a.configuration === b.configuration &&
    a.anchors === b.anchors &&
    a.classes === b.classes &&
    a.catalogue === b.catalogue &&
    sameEpochs(a.epochs, b.epochs)
  );
}

function sameEpochs(a: SpanVersions['epochs'], b: SpanVersions['epochs']): boolean {
  if (a === b) return true;
  const [origins, others] = [Object.keys(a), Object.keys(b)];
  return (
    origins.length === others.length &&
    origins.every((origin, index) => others[index] === origin && a[origin] === b[origin])
  );
}

function writeEvent({ name, at }: SpanEvent, start: EpochMs): string {
  const { before, after } = ofEvent(name);
  return before + fixed(1, start, at) + after;
}

/** What comes before an event's time, which takes nine bytes with its tag, and what comes after it. */
const ofEvent = remembered((name) => {
  const after = textField(2, name) + noneDropped(4);
  return { before: opening(11, 9 + after.length), after };
});

function noneDropped(number: number): string {
  return numberField(number, 0);
}

const noAttributesDropped = noneDropped(10);
/** Events and links. */
const noOthersDropped = noneDropped(12) + noneDropped(14);

const noStatus = noOthersDropped + part(15, numberField(3, SpanStatusCode.UNSET));

function statusOf(fault: { readonly message: string } | undefined): string {
  if (fault === undefined) return noStatus;
  const message = fault.message === '' ? '' : textField(2, fault.message);
  return noOthersDropped + part(15, message + numberField(3, SpanStatusCode.ERROR));
}

/** Field 16, fixed32: the trace's flags, and that it is known (bit 8) whether the parent is remote (bit 9). */
const ofRoot = String.fromCharCode(0x85, 0x01, TraceFlags.SAMPLED, 0b01, 0, 0);
const ofChild = String.fromCharCode(0x85, 0x01, TraceFlags.SAMPLED, 0b11, 0, 0);

/** A fixed64: nanoseconds since 1970 at so many milliseconds after a time. They are more than a number holds. */
function fixed(number: number, ms: EpochMs, after: number): string {
  const nanos = (ms & 0xffff) * 1e6 + Math.round(after * 1e6);
  const upper = Math.floor(ms / 0x10000) * 1e6;
  const sum = (upper & 0xffff) * 0x10000 + (nanos >>> 0);
  const low = sum >>> 0;
  const high = Math.floor(upper / 0x10000) + Math.floor(nanos / 2 ** 32) + (sum > 0xffffffff ? 1 : 0);
  return String.fromCharCode(
    number * 8 + 1,
    low & 255,
    (low >>> 8) & 255,
    (low >>> 16) & 255,
    low >>> 24,
    high & 255,
    (high >>> 8) & 255,
    (high >>> 16) & 255,
    high >>> 24,
  );
}

function bytesOf(hex: string): string {
  return Buffer.from(hex, 'hex').toString('latin1');
}
