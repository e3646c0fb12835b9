import type { ServiceDefinition, UntypedServiceImplementation, handleUnaryCall } from '@grpc/grpc-js';
import { Refusal } from '../../context/refusal.ts';
import type { ContextResult, Pep } from '../../context/types.ts';
import type { CallTiming, MadeDecision } from '../../decision/types.ts';
import { thisMoment } from '../../lib/moment.ts';
import { readTiming } from '../deadline.ts';
import { messageCodec, serviceNames } from '../load-protos.ts';
import type { ResolvedPep } from '../pep.ts';
import { refusedRequest, unknownPep, unreadable } from '../refused-request.ts';
import type { CameBy } from '../refused-request.ts';
import { createTurns } from '../turns.ts';
import { receive } from '../unary-door.ts';
import type { DoorOptions } from '../unary-door.ts';
import { joinAnswers, joinRefused, splitBatch } from './batch-wire.ts';
import type { EncodedAnswer } from './batch-wire.ts';
import { encodeDecide } from './encode.ts';
import { lastDenial } from './last-denial.ts';
import { contextOfDecide } from './service.ts';
import type { DecisionServiceSettings } from './service.ts';
import type { DecideRequest, DecideResponse } from './wire.ts';

type BatchCall = Parameters<handleUnaryCall<Buffer, Buffer>>[0];

/** What all connections of a batch have in common: found out once a call. */
interface Shared extends CameBy {
  readonly pep: Pep;
  readonly timing: CallTiming;
}

/**
 * `DecideBatch`: many connections in one call, each decided, recorded and traced by itself, as `Decide` would. Answered
 * in the order in which they came; other calls are served in between. A batch that cannot be taken in, or from a PEP that
 * is not known, is refused as a whole by one recorded denial: no gRPC error, and no record for each of what may be many.
 */
export function decideBatchService(
  config: DecisionServiceSettings,
  options: DoorOptions,
): { readonly definition: ServiceDefinition; readonly implementation: UntypedServiceImplementation } {
  const encode = answerEncoder();
  const answer = batchAnswerer(config, options, encode);
  const handle: handleUnaryCall<Buffer, Buffer> = (call, callback) => {
    answer(call).then(
      (answered) => callback(null, answered),
      () => callback(null, joinRefused(encode(null).decision)),
    );
  };
  const asIs = (bytes: Buffer): Buffer => bytes;
  const definition: ServiceDefinition = {
    DecideBatch: {
      path: `/${serviceNames.decision}/DecideBatch`,
      requestStream: false,
      responseStream: false,
      ...{ requestSerialize: asIs, requestDeserialize: asIs },
      ...{ responseSerialize: asIs, responseDeserialize: asIs },
    },
  };
  return { definition, implementation: { DecideBatch: handle } };
}

/** The connections of a batch that was taken in, not yet read, or what is decided in the place of the whole batch. */
type TakenIn =
  { readonly items: readonly Uint8Array[]; readonly pep: Pep } | { readonly refused: ContextResult };

function takeIn(bytes: Uint8Array, asking: ResolvedPep, from: CameBy): TakenIn {
  if (!asking.known) return { refused: unknownPep(asking, from) };
  const { pep } = asking;
  const items = splitBatch(bytes);
  return items instanceof Refusal ? { refused: refusedRequest(items, { ...from, pep }) } : { items, pep };
}

function batchAnswerer(
  config: DecisionServiceSettings,
  { point, pepOf, machineClock, budgetMs }: DoorOptions,
  encode: EncodeAnswer,
): (call: BatchCall) => Promise<Buffer> {
  const requests = messageCodec<DecideRequest>('portreeve.v1.DecideRequest');
  const turns = createTurns(machineClock);

  const contextOf = (bytes: Uint8Array, shared: Shared): ContextResult => {
    const received = receive(bytes, requests);
    if ('refusal' in received) return refusedRequest(received.refusal, shared);
    try {
      return contextOfDecide(received.request, shared, config);
    } catch {
      return refusedRequest(unreadable, shared);
    }
  };
  const decide = (built: ContextResult, timing: CallTiming): Promise<MadeDecision | null> =>
    // State is read once for what one turn decides: it had all come before the turn began.
    point.decide(built, { ...timing, moment: thisMoment() }).catch(() => null);

  const decideAll = async (items: readonly Uint8Array[], shared: Shared, call: BatchCall) => {
    const made: Promise<MadeDecision | null>[] = [];
    await turns.run(() => {
      made.push(decide(contextOf(items[made.length] as Uint8Array, shared), shared.timing));
      // What nobody waits for any more is not begun.
      return made.length < items.length && !call.cancelled;
    });
    return Promise.all(made);
  };
  const encodeAll = async (made: readonly (MadeDecision | null)[]): Promise<Buffer> => {
    const answers: EncodedAnswer[] = [];
    await turns.run(() => {
      answers.push(encode(made[answers.length] as MadeDecision | null));
      return answers.length < made.length;
    });
    return joinAnswers(answers);
  };

  return async (call) => {
    const timing = readTiming(call, machineClock, budgetMs());
    const from: CameBy = { door: 'native', traceparent: call.metadata.get('traceparent')[0]?.toString() };
    const taken = takeIn(call.request, pepOf(call), from);
    if ('refused' in taken) return joinRefused(encode(await decide(taken.refused, timing)).decision);
    return encodeAll(await decideAll(taken.items, { ...from, pep: taken.pep, timing }, call));
  };
}

/** Encodes what was made of one connection; null, or what cannot be encoded, as the last denial. */
type EncodeAnswer = (made: MadeDecision | null) => EncodedAnswer;

function answerEncoder(): EncodeAnswer {
  const responses = messageCodec<DecideResponse>('portreeve.v1.DecideResponse');
  const last = (made: MadeDecision | null): Buffer =>
    responses.encode(lastDenial(made?.decision.decision_id));
  const whole = (made: MadeDecision | null): Buffer => {
    if (!made) return last(made);
    try {
      return responses.encode(encodeDecide(made.decision));
    } catch {
      return last(made);
    }
  };
  return (made) => ({ connectionId: made?.connection_id ?? null, decision: whole(made) });
}
