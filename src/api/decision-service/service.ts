import type { Config } from '../../config/types.ts';
import { buildContext } from '../../context/build.ts';
import { Refusal } from '../../context/refusal.ts';
import type { ContextResult, Pep } from '../../context/types.ts';
import { connectionDocument } from '../connection-document.ts';
import { serviceNames } from '../load-protos.ts';
import { shedFailure } from '../shed-failure.ts';
import type { UnaryDoor } from '../unary-door.ts';
import { decodeDecide } from './decode.ts';
import { encodeDecide } from './encode.ts';
import { lastDenial } from './last-denial.ts';
import type { DecideRequest, DecideResponse } from './wire.ts';

/** Our own door, which answers with the whole Decision. */
export function decisionServiceDoor(
  config: DecisionServiceSettings,
): UnaryDoor<DecideRequest, DecideResponse> {
  return {
    service: serviceNames.decision,
    method: 'Decide',
    requestType: 'portreeve.v1.DecideRequest',
    responseType: 'portreeve.v1.DecideResponse',
    doorOf: () => 'native',
    build: (request, pep, traceparent) => contextOfDecide(request, { pep, traceparent }, config),
    encode: (made) => encodeDecide(made.decision),
    failure: (decision) => shedFailure(decision, config),
    lastResort: lastDenial,
  };
}

/** What of the configuration the native door reads. */
export type DecisionServiceSettings = Pick<
  Config,
  'attestation' | 'claims' | 'custom' | 'policy' | 'compat' | 'wire'
>;

/** The context of a request, whichever method brought it. */
export function contextOfDecide(
  request: DecideRequest,
  from: { readonly pep: Pep; readonly traceparent: string | undefined },
  config: DecisionServiceSettings,
): ContextResult {
  const raw = decodeDecide(request, from.pep, from.traceparent);
  const document = connectionDocument(raw, config);
  // Only what HTTP says can be refused.
  return buildContext(document && !(document instanceof Refusal) ? { ...raw, document } : raw, config);
}
