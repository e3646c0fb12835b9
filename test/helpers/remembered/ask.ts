/** The doors of a composition without sockets: bytes of a request in, the decision and its answer out. */
import { extAuthzDoor } from '../../../src/api/ext-authz/service.ts';
import { decisionServiceDoor } from '../../../src/api/decision-service/service.ts';
import { messageCodec } from '../../../src/api/load-protos.ts';
import type { Admission } from '../../../src/api/admission.ts';
import { unaryService } from '../../../src/api/unary-door.ts';
import type { DoorOptions } from '../../../src/api/unary-door.ts';
import type { Config } from '../../../src/config/types.ts';
import type { MadeDecision } from '../../../src/decision/types.ts';
import type { LiveComposition } from '../../../src/server/worker/live-composition.ts';
import { createRecordLines } from '../../../src/server/records/record-lines.ts';
import { viewOf } from '../../../src/server/view.ts';
import type { FakeClock } from '../fake-clock.ts';
import type { Asked } from './requests.ts';

/** What came of one request. */
export interface Answered {
  readonly made: MadeDecision;
  /** All of the decision and its answer as JSON, but for what differs between any two. */
  readonly said: Said;
}

export interface Said {
  readonly made: object;
  /** The record's line. */
  readonly record: string;
  /** The answer as it goes over the wire, decoded. */
  readonly answer: unknown;
}

export type Ask = (asked: Asked) => Promise<Answered>;

/** What of a service is used: its one method, and how its requests are read. */
interface Method {
  readonly requestDeserialize: (bytes: Buffer) => unknown;
  readonly handle: (call: object, answer: (error: Error | null, bytes?: Uint8Array) => void) => void;
}

const answers = {
  native: messageCodec<object>('portreeve.v1.DecideResponse'),
  ext_authz: messageCodec<object>('envoy.service.auth.v3.CheckResponse'),
};

/** Both doors of each enforcement point over whichever composition is in force, as listeners have them. */
export function createAsk(live: LiveComposition, clock: FakeClock): Ask {
  const config = viewOf(Object.keys(live.current().config) as (keyof Config)[], () => live.current().config);
  let last: MadeDecision | undefined;
  const methods = (pep: string): Readonly<Record<Asked['door'], Method>> => {
    const options: DoorOptions = {
      point: {
        decide: async (built, timing) => (last = await live.point.decide(built, timing)),
      },
      machineClock: clock,
      admission: atOnce,
      budgetMs: () => config.server.budget,
      pepOf: () => live.current().peps.byName(pep, 'plaintext'),
    };
    return {
      native: methodOf(unaryService(decisionServiceDoor(config), options)),
      ext_authz: methodOf(unaryService(extAuthzDoor(config), options)),
    };
  };
  const doors = { envoy: methods('envoy'), edge: methods('edge') };
  const lines = createRecordLines();
  return async ({ pep, door, bytes }) => {
    const { requestDeserialize, handle } = doors[pep][door];
    last = undefined;
    const answer = await new Promise<Uint8Array>((resolve, reject) => {
      // Every message comes in a buffer of its own.
      const call = { ...silent, request: requestDeserialize(Buffer.from(bytes)) };
      handle(call, (error, answered) =>
        answered ? resolve(answered) : reject(error ?? new Error('no answer')),
      );
    });
    const made = last as MadeDecision | undefined;
    if (!made) throw new Error('a request was answered without a decision');
    const record = lines.line(made, { supersedes: false, mode: undefined });
    const { decision_id: id } = made.decision;
    return {
      made,
      said: {
        made: { ...made, decision: { ...made.decision, decision_id: '' }, timings: null, trace: null },
        record: record.replaceAll(id, ''),
        answer: JSON.parse(JSON.stringify(answers[door].decode(answer)).replaceAll(id, '')) as unknown,
      },
    };
  };
}

/** Time goes by in steps here: nobody waits, and nothing comes late. */
const atOnce: Admission = {
  arrivedAt: (now) => now,
  enter: (call) => void call.begin(),
  stats: () => ({ waiting: 0, mostWaiting: 0, shedWaited: 0, shedNoRoom: 0, abandoned: 0 }),
};

/** A call without metadata and without a deadline. */
const silent = { metadata: { get: () => [] }, getDeadline: () => Infinity };

/** A service of one method. */
function methodOf({ definition, handlers }: ReturnType<typeof unaryService>): Method {
  const [entry] = Object.entries(definition);
  if (!entry) throw new Error('a service has a method');
  const [name, { requestDeserialize }] = entry;
  const handle = handlers[name] as unknown as Method['handle'];
  return { requestDeserialize: (bytes) => requestDeserialize(bytes) as unknown, handle };
}
