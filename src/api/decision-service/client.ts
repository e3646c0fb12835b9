import { Client, Metadata, credentials } from '@grpc/grpc-js';
import type { ChannelCredentials } from '@grpc/grpc-js';
import type { Decision } from '../../decision/types.ts';
import { systemClock } from '../../lib/clock.ts';
import { PortreeveError } from '../../lib/errors.ts';
import { messageCodec, serviceNames } from '../load-protos.ts';
import { readBatch } from './read-batch.ts';
import { readDecision } from './read-decision.ts';
import type { DecideBatchRequest, DecideBatchResponse, DecideRequest, DecideResponse } from './wire.ts';

export interface DecisionClient {
  /** Asks for one decision. Throws PDP_INTERNAL, with the gRPC error as its cause, where no answer comes in time. */
  decide(request: DecideRequest): Promise<Decision>;
  /**
   * Asks about up to 256 connections in one call; the decisions stand in the order of the requests. A batch that was refused
   * as a whole is the same denial for each of them, and a connection that was not answered one with `system.internal`.
   * Throws as `decide` does.
   */
  decideBatch(requests: readonly DecideRequest[]): Promise<readonly Decision[]>;
  close(): void;
}

/**
 * A client of the native door, for the demo and for tests. `address` is what grpc-js takes (`127.0.0.1:9191`,
 * `unix:/path`); every call has `timeoutMs`.
 */
export function createDecisionClient(
  address: string,
  options: { readonly timeoutMs: number; readonly credentials?: ChannelCredentials } = { timeoutMs: 1000 },
): DecisionClient {
  const client = new Client(address, options.credentials ?? credentials.createInsecure());
  const call = <Request extends object, Answer>(
    method: string,
    wanted: Request,
    write: (message: Request) => Buffer,
    read: (bytes: Buffer) => Answer,
  ): Promise<Answer> =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        `/${serviceNames.decision}/${method}`,
        write,
        read,
        wanted,
        new Metadata(),
        { deadline: systemClock.now() + options.timeoutMs },
        (error, answer) => {
          if (error || answer === undefined) {
            reject(
              new PortreeveError(
                'PDP_INTERNAL',
                `no decision from ${address}: ${error?.message ?? 'an empty answer'}`,
                { cause: error },
              ),
            );
          } else resolve(answer);
        },
      );
    });
  const one = messageCodec<DecideRequest>('portreeve.v1.DecideRequest');
  const oneAnswer = messageCodec<DecideResponse>('portreeve.v1.DecideResponse');
  const many = messageCodec<DecideBatchRequest>('portreeve.v1.DecideBatchRequest');
  const manyAnswers = messageCodec<DecideBatchResponse>('portreeve.v1.DecideBatchResponse');
  return {
    decide: (wanted) =>
      call(
        'Decide',
        wanted,
        (message) => one.encode(message),
        (bytes) => readDecision(oneAnswer.decode(bytes)),
      ),
    decideBatch: (wanted) =>
      call(
        'DecideBatch',
        { connections: wanted },
        (message) => many.encode(message),
        (bytes) => readBatch(manyAnswers.decode(bytes), wanted.length),
      ),
    close: () => client.close(),
  };
}
