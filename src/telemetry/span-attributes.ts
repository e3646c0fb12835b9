import { attribute, methodOfDoor, semantic } from './names.ts';

/** What the end of a decision tells its span: the part of a decision that tracing cares about. */
export interface SpanEnd extends SpanOutcome {
  readonly decision_id: string;
  readonly device_id: string | null;
  readonly versions: SpanVersions;
  readonly faults: readonly { readonly code: string; readonly message: string }[];
}

/** What many decisions have in common. */
export interface SpanOutcome {
  readonly tenant: string;
  readonly outcome: string;
  readonly enforced: boolean;
  /** First one primary. */
  readonly reasons: readonly { readonly code: string }[];
  readonly assurance: string;
}

/** What a decision was made from, as far as its span names it. */
export interface SpanVersions {
  readonly program: string;
  readonly bundle: string | null;
  readonly configuration: string;
  readonly anchors: string;
  readonly classes: string;
  readonly catalogue: string;
  readonly epochs: Readonly<Record<string, number>>;
}

export type SpanAttributes = Readonly<Record<string, string | boolean | readonly string[]>>;

/** The RPC method that a door answers, as the wire names it: the span's name. */
export function methodOf(door: string): string {
  return methodOfDoor[door] ?? door;
}

/** What is known when a decision begins. */
export function callAttributes(door: string): SpanAttributes {
  return {
    [semantic.rpcSystem]: 'grpc',
    [semantic.rpcMethod]: methodOf(door),
    [attribute.door]: door,
  };
}

/** What no other decision has. */
export function ownAttributes(decision: SpanEnd): SpanAttributes {
  const { decision_id: id, device_id: deviceId } = decision;
  return deviceId === null
    ? { [attribute.decisionId]: id }
    : { [attribute.decisionId]: id, [semantic.deviceId]: deviceId };
}

/** What was decided. */
export function outcomeAttributes(decision: SpanOutcome): SpanAttributes {
  return {
    [attribute.tenant]: decision.tenant,
    [attribute.outcome]: decision.outcome,
    [attribute.enforced]: decision.enforced,
    [attribute.reason]: decision.reasons[0]?.code ?? '',
    [attribute.reasons]: decision.reasons.map((reason) => reason.code),
    [attribute.assurance]: decision.assurance,
  };
}

/** What went wrong; the first fault is the error. */
export function faultAttributes({ faults }: Pick<SpanEnd, 'faults'>): SpanAttributes {
  const [first] = faults;
  if (first === undefined) return {};
  return {
    [attribute.faults]: faults.map(({ code }) => code),
    [semantic.errorType]: first.code,
  };
}

/** What it was decided from. */
export function versionAttributes(versions: SpanVersions): SpanAttributes {
  return {
    [attribute.versionProgram]: versions.program,
    ...(versions.bundle === null ? {} : { [attribute.versionBundle]: versions.bundle }),
    [attribute.versionConfiguration]: versions.configuration,
    [attribute.versionAnchors]: versions.anchors,
    [attribute.versionClasses]: versions.classes,
    [attribute.versionCatalogue]: versions.catalogue,
    [attribute.versionEpochs]: Object.entries(versions.epochs).map(([origin, epoch]) => `${origin}=${epoch}`),
  };
}
