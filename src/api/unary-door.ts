import type { ServiceDefinition, UntypedServiceImplementation, handleUnaryCall } from '@grpc/grpc-js';
import type { Refusal } from '../context/refusal.ts';
import type { ContextResult, Door, Pep } from '../context/types.ts';
import type { Decision, DecisionPoint, MadeDecision } from '../decision/types.ts';
import type { Clock } from '../lib/clock.ts';
import { thisMoment } from '../lib/moment.ts';
import { readTiming } from './deadline.ts';
import { messageCodec } from './load-protos.ts';
import type { MessageCodec } from './load-protos.ts';
import type { AuthenticatedCall } from './pep-of-call.ts';
import type { ResolvedPep } from './pep.ts';
import { notProtobuf, oversized, refusedRequest, unknownPep, unreadable } from './refused-request.ts';

/** A way in: one unary method, whose requests become contexts and whose answers are made of decisions. */
export interface UnaryDoor<Request extends object, Response extends object> {
  readonly service: string;
  readonly method: string;
  readonly requestType: string;
  readonly responseType: string;
  /** The door's name in contexts and records; for requests that cannot be read, the most talkative one. */
  doorOf(request: Request | undefined): Door;
  /** The context of a request; must not throw, and is recorded as malformed input should it do so all the same. */
  build(request: Request, pep: Pep, traceparent: string | undefined): ContextResult;
  encode(made: MadeDecision, door: Door): Response;
  /** The gRPC error that stands for a denial where the configuration wants one instead of an answer. */
  failure?(decision: Decision): CallFailure | undefined;
  /** The denial that is left where the decision cannot be encoded. Made of constants and the id. */
  lastResort(decisionId: string | undefined): Response;
}

/** A gRPC status other than OK. */
export interface CallFailure {
  readonly code: number;
  readonly details: string;
}

export interface DoorOptions {
  readonly point: DecisionPoint;
  /** The machine's own: grpc-js counts deadlines by it, also while nothing else is judged by it. */
  readonly machineClock: Clock;
  /** Most time for one decision (ms); asked at every call. */
  readonly budgetMs: () => number;
  readonly pepOf: (call: AuthenticatedCall) => ResolvedPep;
}

/** A request that was read, or why it could not be. */
export type Received<Request> = { readonly request: Request } | { readonly refusal: Refusal };

/**
 * The gRPC service of a door. Requests that are too long or no protobuf, unknown PEPs and failures of the encoder are
 * all answered with explicit denials: a gRPC error is what a PEP may be configured to let through. Only where the door has
 * it from the configuration by name is one answered.
 */
export function unaryService<Request extends object, Response extends object>(
  door: UnaryDoor<Request, Response>,
  options: DoorOptions,
): { readonly definition: ServiceDefinition; readonly implementation: UntypedServiceImplementation } {
  const requests = messageCodec<Request>(door.requestType);
  const responses = messageCodec<Response>(door.responseType);
  const handle: handleUnaryCall<Received<Request>, Buffer> = (call, callback) => {
    answer(call, door, options, responses).then(
      (answered) => (Buffer.isBuffer(answered) ? callback(null, answered) : callback(answered)),
      () => callback(null, responses.encode(door.lastResort(undefined))),
    );
  };
  const definition: ServiceDefinition = {
    [door.method]: {
      path: `/${door.service}/${door.method}`,
      requestStream: false,
      responseStream: false,
      requestSerialize: (message: Request) => requests.encode(message),
      requestDeserialize: (bytes: Buffer) => receive(bytes, requests),
      responseSerialize: (bytes: Buffer) => bytes,
      responseDeserialize: (bytes: Buffer) => responses.decode(bytes),
    },
  };
  return { definition, implementation: { [door.method]: handle } };
}

/** Reads one request's bytes; what is too long is not even tried. */
export function receive<Request>(bytes: Uint8Array, codec: MessageCodec<Request>): Received<Request> {
  const refusal = oversized(bytes);
  if (refusal) return { refusal };
  try {
    return { request: codec.decode(bytes) };
  } catch {
    return { refusal: notProtobuf };
  }
}

async function answer<Request extends object, Response extends object>(
  call: Parameters<handleUnaryCall<Received<Request>, Buffer>>[0],
  door: UnaryDoor<Request, Response>,
  options: DoorOptions,
  codec: MessageCodec<Response>,
): Promise<Buffer | CallFailure> {
  const timing = { ...readTiming(call, options.machineClock, options.budgetMs()), moment: thisMoment() };
  const received = call.request;
  const name = door.doorOf('request' in received ? received.request : undefined);
  const traceparent = call.metadata.get('traceparent')[0]?.toString();
  const built = contextOf(received, options.pepOf(call), { door, name, traceparent });
  const made = await options.point.decide(built, timing);
  try {
    const failure = door.failure?.(made.decision);
    if (failure) return failure;
    return codec.encode(door.encode(made, name));
  } catch {
    return codec.encode(door.lastResort(made.decision.decision_id));
  }
}

function contextOf<Request extends object, Response extends object>(
  received: Received<Request>,
  asking: ResolvedPep,
  at: { door: UnaryDoor<Request, Response>; name: Door; traceparent: string | undefined },
): ContextResult {
  const { name: door, traceparent } = at;
  if (!asking.known) return unknownPep(asking, { door, traceparent });
  const from = { pep: asking.pep, door, traceparent };
  if ('refusal' in received) return refusedRequest(received.refusal, from);
  try {
    return at.door.build(received.request, asking.pep, traceparent);
  } catch {
    return refusedRequest(unreadable, from);
  }
}
