import { limits } from '../../context/limits.ts';
import { Refusal } from '../../context/refusal.ts';
import { optionalText } from '../../context/text.ts';
import type { ContextResult, Pep } from '../../context/types.ts';
import type { MadeDecision } from '../../decision/types.ts';
import { messageCodec } from '../load-protos.ts';
import { refusedRequest, unread, unreadable } from '../refused-request.ts';
import type { CameBy } from '../refused-request.ts';
import { receive } from '../unary-door.ts';
import type { EncodedAnswer } from './batch-wire.ts';
import { encodeDecide } from './encode.ts';
import { lastDenial } from './last-denial.ts';
import { contextOfDecide } from './service.ts';
import type { DecisionServiceSettings } from './service.ts';
import type { DecideRequest, DecideResponse } from './wire.ts';

/** Whose batch a connection is part of, and how it came. */
export type OfBatch = CameBy & { readonly pep: Pep };

/** Makes contexts of the bytes of a batch's connections; what is wrong with one is in its own context. */
export interface BatchItemReader {
  read(bytes: Uint8Array, from: OfBatch): ContextResult;
  /** Of a connection that is not begun: no more than which one it is. */
  identify(bytes: Uint8Array, from: OfBatch): ContextResult;
}

export function batchItemReader(config: DecisionServiceSettings): BatchItemReader {
  const requests = messageCodec<DecideRequest>('portreeve.v1.DecideRequest');
  return {
    read: (bytes, from) => {
      const received = receive(bytes, requests);
      if ('refusal' in received) return refusedRequest(received.refusal, from);
      try {
        return contextOfDecide(received.request, from, config);
      } catch {
        return refusedRequest(unreadable, from);
      }
    },
    identify: (bytes, from) => {
      const received = receive(bytes, requests);
      const named = 'request' in received ? received.request.connection_id : undefined;
      const connectionId = optionalText('connection_id', named, limits.idText);
      return refusedRequest(unread, connectionId instanceof Refusal ? from : { ...from, connectionId });
    },
  };
}

/** Encodes what was made of one connection; null, and what cannot be encoded, as the last denial. */
export type AnswerEncoder = (made: MadeDecision | null) => EncodedAnswer;

export function batchAnswerEncoder(): AnswerEncoder {
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
