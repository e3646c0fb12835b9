import type { ServiceDefinition } from '@grpc/grpc-js';
import type { Refusal } from '../context/refusal.ts';
import type { ContextResult, Door, Pep } from '../context/types.ts';
import { givenUp } from '../decision/with-deadline.ts';
import type { CallTiming, Decision, DecisionPoint, MadeDecision } from '../decision/types.ts';
import type { Clock } from '../lib/clock.ts';
import { thisMoment } from '../lib/moment.ts';
import { createAdmission } from './admission.ts';
import type { Admission } from './admission.ts';
import { readTiming } from './deadline.ts';
import type { CallFailure, UnaryCall, UnaryHandler } from './direct-call.ts';
import { messageCodec } from './load-protos.ts';
import type { MessageCodec } from './load-protos.ts';
import type { AuthenticatedCall } from './pep-of-call.ts';
import type { ResolvedPep } from './pep.ts';
import { notProtobuf, oversized, refusedRequest, unknownPep, unread, unreadable } from './refused-request.ts';

/** A way in: one unary method, whose requests become contexts and whose answers are made of decisions. */
export interface UnaryDoor<Request extends object, Response extends object> {
  readonly service: string;
  readonly method: string;
  readonly requestType: string;
  readonly responseType: string;
  /** The door's name in contexts and records; for requests that cannot be read, the most talkative one. */
  doorOf(request: Request | undefined): Door;
  /**
   * The context of a usual request straight from its bytes, the same that decoding and `build` would give; undefined
   * for all others. Must not throw either.
   */
  buildQuick?(bytes: Buffer, pep: Pep, traceparent: string | undefined): ContextResult | undefined;
  /** The context of a request; must not throw, and is recorded as malformed input should it do so all the same. */
  build(request: Request, pep: Pep, traceparent: string | undefined): ContextResult;
  encode(made: MadeDecision, door: Door): Response;
  /** The bytes of an answer that the library would give, where the door knows a shorter way to them; else undefined. */
  readonly write?: (answer: Response) => Buffer | undefined;
  /** The gRPC error that stands for a denial where the configuration wants one instead of an answer. */
  failure?(decision: Decision): CallFailure | undefined;
  /** The denial that is left where the decision cannot be encoded. Made of constants and the id. */
  lastResort(decisionId: string | undefined): Response;
}

export interface DoorOptions {
  readonly point: DecisionPoint;
  /** The machine's own: grpc-js counts deadlines by it, also while nothing else is judged by it. */
  readonly machineClock: Clock;
  /** Most time for one decision (ms); asked at every call. */
  readonly budgetMs: () => number;
  readonly pepOf: (call: AuthenticatedCall) => ResolvedPep;
  /** Decides when each call is begun: one for all doors and listeners of a worker; without it, the door has its own. */
  readonly admission?: Admission;
}

/** A gRPC service of unary methods over bytes, and who handles each, by name. */
export interface UnaryService {
  readonly definition: ServiceDefinition;
  readonly handlers: Readonly<Record<string, UnaryHandler>>;
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
): UnaryService {
  const requests = messageCodec<Request>(door.requestType);
  const library = messageCodec<Response>(door.responseType);
  const responses: MessageCodec<Response> = {
    decode: (bytes) => library.decode(bytes),
    encode: (answer) => door.write?.(answer) ?? library.encode(answer),
  };
  const { machineClock, budgetMs, admission = createAdmission(machineClock) } = options;
  const handle: UnaryHandler = (call, callback) => {
    const timing = readTiming(call, machineClock, budgetMs(), admission.arrivedAt);
    const answer = (made: Promise<Buffer | CallFailure>): Promise<void> =>
      made.then(
        (answered) => (Buffer.isBuffer(answered) ? callback(null, answered) : callback(answered)),
        () => callback(null, responses.encode(door.lastResort(undefined))),
      );
    const asking = options.pepOf(call);
    let waited = false;
    admission.enter({
      pep: asking.pep.name,
      bytes: call.request.byteLength,
      timing,
      gone: () => call.cancelled,
      begin: () => {
        // Who may ask is judged when it is asked for, and that is now.
        const known = waited ? options.pepOf(call) : asking;
        return answer(decideCall({ call, timing, asking: known }, door, options, { requests, responses }));
      },
      shed: () => {
        answer(shedCall({ call, timing, asking }, door, options, responses)).catch(() => undefined);
      },
    });
    waited = true;
  };
  const definition: ServiceDefinition = {
    [door.method]: {
      path: `/${door.service}/${door.method}`,
      requestStream: false,
      responseStream: false,
      requestSerialize: (message: Request) => requests.encode(message),
      // Read when its turn comes, so that what is shed costs little.
      requestDeserialize: (bytes: Buffer) => bytes,
      responseSerialize: (bytes: Buffer) => bytes,
      responseDeserialize: (bytes: Buffer) => responses.decode(bytes),
    },
  };
  return { definition, handlers: { [door.method]: handle } };
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

/** A call, when it came, and from whom. */
interface Asked {
  readonly call: UnaryCall;
  readonly timing: CallTiming;
  readonly asking: ResolvedPep;
}

async function decideCall<Request extends object, Response extends object>(
  { call, timing, asking }: Asked,
  door: UnaryDoor<Request, Response>,
  options: DoorOptions,
  codecs: { readonly requests: MessageCodec<Request>; readonly responses: MessageCodec<Response> },
): Promise<Buffer | CallFailure> {
  const moment = thisMoment();
  const built = contextOf(call, asking, door, codecs.requests);
  const made = await options.point.decide(built, { ...timing, moment });
  return encodeAnswer(made, built.ok ? built.context.door : built.door, door, codecs.responses);
}

/**
 * Answers a call that is not begun, without having read it: a denial with `system.overload_shed`, recorded as every other
 * and merged with its like where there are many.
 */
async function shedCall<Request extends object, Response extends object>(
  { call, timing, asking }: Asked,
  door: UnaryDoor<Request, Response>,
  options: DoorOptions,
  codec: MessageCodec<Response>,
): Promise<Buffer | CallFailure> {
  const name = door.doorOf(undefined);
  const { pep } = asking;
  const built = refusedRequest(unread, { pep, door: name, traceparent: traceparentOf(call) });
  const passed = options.machineClock.monotonic() >= timing.deadline;
  const made = await options.point.decide(built, { ...timing, deadline: passed ? timing.deadline : givenUp });
  return encodeAnswer(made, name, door, codec);
}

function traceparentOf({ metadata }: UnaryCall): string | undefined {
  return metadata.get('traceparent')[0]?.toString();
}

function encodeAnswer<Request extends object, Response extends object>(
  made: MadeDecision,
  name: Door,
  door: UnaryDoor<Request, Response>,
  codec: MessageCodec<Response>,
): Buffer | CallFailure {
  try {
    const failure = door.failure?.(made.decision);
    if (failure) return failure;
    return codec.encode(door.encode(made, name));
  } catch {
    return codec.encode(door.lastResort(made.decision.decision_id));
  }
}

function contextOf<Request extends object, Response extends object>(
  call: UnaryCall,
  asking: ResolvedPep,
  door: UnaryDoor<Request, Response>,
  requests: MessageCodec<Request>,
): ContextResult {
  const bytes = call.request;
  const traceparent = traceparentOf(call);
  if (asking.known && !oversized(bytes)) {
    const built = tryBuild(() => door.buildQuick?.(bytes, asking.pep, traceparent));
    if (built) return built;
  }
  const received = receive(bytes, requests);
  const from = { door: door.doorOf('request' in received ? received.request : undefined), traceparent };
  if (!asking.known) return unknownPep(asking, from);
  const { pep } = asking;
  if ('refusal' in received) return refusedRequest(received.refusal, { ...from, pep });
  const built = tryBuild(() => door.build(received.request, pep, traceparent));
  return built ?? refusedRequest(unreadable, { ...from, pep });
}

/** What is built; undefined where that threw. */
function tryBuild(build: () => ContextResult | undefined): ContextResult | undefined {
  try {
    return build();
  } catch {
    return undefined;
  }
}
