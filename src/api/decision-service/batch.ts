import type { ServiceDefinition } from '@grpc/grpc-js';
import { Refusal } from '../../context/refusal.ts';
import type { ContextResult } from '../../context/types.ts';
import type { CallTiming } from '../../decision/types.ts';
import { givenUp } from '../../decision/with-deadline.ts';
import { thisMoment } from '../../lib/moment.ts';
import { createAdmission } from '../admission.ts';
import { readTiming } from '../deadline.ts';
import type { UnaryCall, UnaryHandler } from '../direct-call.ts';
import { serviceNames } from '../load-protos.ts';
import type { ResolvedPep } from '../pep.ts';
import { refusedRequest, unknownPep, unread } from '../refused-request.ts';
import type { CameBy } from '../refused-request.ts';
import type { DoorOptions, UnaryService } from '../unary-door.ts';
import { batchAnswerEncoder, batchItemReader } from './batch-item.ts';
import type { AnswerEncoder, OfBatch } from './batch-item.ts';
import { joinAnswers, joinRefused, splitBatch } from './batch-wire.ts';
import type { EncodedAnswer } from './batch-wire.ts';
import type { DecisionServiceSettings } from './service.ts';

/** What all connections of a batch have in common: found out once a call. */
interface Shared extends OfBatch {
  readonly timing: CallTiming;
  /** Whether the PEP has given the batch up. */
  gone(this: void): boolean;
}

/** What waits for a turn of its own: one connection, or a batch that is refused as a whole. */
interface Part {
  /** Its length. */
  readonly bytes: number;
  read(this: void): ContextResult;
  /** What stands for it where it is not begun. */
  identify(this: void): ContextResult;
}

/**
 * How much of a batch's time may have passed when its last connection is begun. More than with a single call, whose wait
 * tells of overload: here it is the connections before it that take the time.
 */
const mayWait = 0.8;

/**
 * `DecideBatch`: many connections in one call, each decided, recorded and traced by itself, as `Decide` would, and
 * answered in the order in which they came. Each waits for its turn like a call, in a line of the PEP's batches, so that
 * other calls are served in between. A batch that cannot be taken in, or from a PEP that is not known, is refused as a
 * whole by one recorded denial: no gRPC error, and no record for each of what may be many.
 */
export function decideBatchService(config: DecisionServiceSettings, options: DoorOptions): UnaryService {
  const encode = batchAnswerEncoder();
  const answer = batchAnswerer(config, options, encode);
  const handle: UnaryHandler = (call, callback) => {
    answer(call)
      .catch(() => joinRefused(encode(null).decision))
      .then((answered) => callback(null, answered))
      .catch(() => undefined);
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
  return { definition, handlers: { DecideBatch: handle } };
}

/** The connections of a batch that was taken in, not yet read, or what is decided in the place of the whole batch. */
type TakenIn = { readonly items: readonly Uint8Array[] } | { readonly refused: ContextResult };

function takeIn(bytes: Uint8Array, asking: ResolvedPep, from: CameBy): TakenIn {
  if (!asking.known) return { refused: unknownPep(asking, from) };
  const { pep } = asking;
  const items = splitBatch(bytes);
  return items instanceof Refusal ? { refused: refusedRequest(items, { ...from, pep }) } : { items };
}

function batchAnswerer(
  config: DecisionServiceSettings,
  { point, pepOf, machineClock, budgetMs, admission = createAdmission(machineClock) }: DoorOptions,
  encode: AnswerEncoder,
): (call: UnaryCall) => Promise<Buffer> {
  const reader = batchItemReader(config);
  /** Never rejects. */
  const decide = async (read: () => ContextResult, timing: CallTiming): Promise<EncodedAnswer> => {
    try {
      // What begins in one turn had all come before it: state is read once for that.
      return encode(await point.decide(read(), { ...timing, moment: thisMoment() }));
    } catch {
      return encode(null);
    }
  };

  const enter = ({ bytes, read, identify }: Part, { pep, timing, gone }: Shared): Promise<EncodedAnswer> =>
    new Promise((resolve) => {
      admission.enter({
        // A device that connects by itself does not wait behind all of a batch.
        pep: `${pep.name} batch`,
        ...{ bytes, timing, mayWait, gone },
        begin: async () => {
          const answer = decide(read, timing);
          resolve(answer);
          await answer;
        },
        shed: () => {
          const passed = machineClock.monotonic() >= timing.deadline;
          resolve(decide(identify, passed ? timing : { ...timing, deadline: givenUp }));
        },
      });
    });

  return async (call) => {
    const timing = readTiming(call, machineClock, budgetMs(), admission.arrivedAt);
    const from: CameBy = { door: 'native', traceparent: call.metadata.get('traceparent')[0]?.toString() };
    const asking = pepOf(call);
    const taken = takeIn(call.request, asking, from);
    const shared: Shared = { ...from, pep: asking.pep, timing, gone: () => call.cancelled };
    if ('refused' in taken) {
      const whole: Part = {
        bytes: call.request.byteLength,
        read: () => taken.refused,
        identify: () => refusedRequest(unread, shared),
      };
      return joinRefused((await enter(whole, shared)).decision);
    }
    const parts = taken.items.map((bytes) => ({
      bytes: bytes.byteLength,
      read: () => reader.read(bytes, shared),
      identify: () => reader.identify(bytes, shared),
    }));
    return joinAnswers(await Promise.all(parts.map((part) => enter(part, shared))));
  };
}
