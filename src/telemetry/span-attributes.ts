import { attribute, methodOfDoor, semantic } from './names.ts';

/** What the end of a decision tells its span: the part of a decision that tracing cares about. */
export interface SpanEnd {
  readonly decision_id: string;
  readonly tenant: string;
  readonly outcome: string;
  readonly enforced: boolean;
  /** First one primary. */
  readonly reasons: readonly { readonly code: string }[];
  readonly device_id: string | null;
  readonly assurance: string;
  readonly versions: SpanVersions;
  readonly faults: readonly { readonly code: string; readonly message: string }[];
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

/** What was decided. */
export function decisionAttributes(decision: SpanEnd): SpanAttributes {
  const attributes: Record<string, string | boolean | readonly string[]> = {
    [attribute.decisionId]: decision.decision_id,
    [attribute.tenant]: decision.tenant,
    [attribute.outcome]: decision.outcome,
    [attribute.enforced]: decision.enforced,
    [attribute.reason]: decision.reasons[0]?.code ?? '',
    [attribute.reasons]: decision.reasons.map((reason) => reason.code),
    [attribute.assurance]: decision.assurance,
  };
  if (decision.device_id !== null) attributes[semantic.deviceId] = decision.device_id;
  const [fault] = decision.faults;
  if (fault !== undefined) {
    attributes[attribute.faults] = decision.faults.map(({ code }) => code);
    attributes[semantic.errorType] = fault.code;
  }
  return attributes;
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
