import { Client, Metadata, credentials } from '@grpc/grpc-js';
import type { ChannelCredentials } from '@grpc/grpc-js';
import type { Decision } from '../../decision/types.ts';
import { systemClock } from '../../lib/clock.ts';
import { PortreeveError } from '../../lib/errors.ts';
import { messageCodec, serviceNames } from '../load-protos.ts';
import { readDecision } from './read-decision.ts';
import type { DecideRequest, DecideResponse } from './wire.ts';

export interface DecisionClient {
  /** Asks for one decision. Throws PDP_INTERNAL, with the gRPC error as its cause, where no answer comes in time. */
  decide(request: DecideRequest): Promise<Decision>;
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
  const request = messageCodec<DecideRequest>('portreeve.v1.DecideRequest');
  const response = messageCodec<DecideResponse>('portreeve.v1.DecideResponse');
  const client = new Client(address, options.credentials ?? credentials.createInsecure());
  return {
    decide: (wanted) =>
      new Promise((resolve, reject) => {
        client.makeUnaryRequest(
          `/${serviceNames.decision}/Decide`,
          (message: DecideRequest) => request.encode(message),
          (bytes: Buffer) => readDecision(response.decode(bytes)),
          wanted,
          new Metadata(),
          { deadline: systemClock.now() + options.timeoutMs },
          (error, decision) => {
            if (error || !decision) {
              reject(new PortreeveError('PDP_INTERNAL', `no decision from ${address}`, { cause: error }));
            } else resolve(decision);
          },
        );
      }),
    close: () => client.close(),
  };
}
