import type { Config } from '../../config/types.ts';
import { buildContext } from '../../context/build.ts';
import { Refusal } from '../../context/refusal.ts';
import { makeReason } from '../../decision/reasons.ts';
import { connectionDocument } from '../connection-document.ts';
import { serviceNames } from '../load-protos.ts';
import type { UnaryDoor } from '../unary-door.ts';
import { decodeDecide } from './decode.ts';
import { encodeDecide } from './encode.ts';
import type { DecideRequest, DecideResponse } from './wire.ts';

/** Our own door, which answers with the whole Decision. */
export function decisionServiceDoor(
  config: Pick<Config, 'attestation' | 'claims' | 'custom' | 'policy' | 'compat'>,
): UnaryDoor<DecideRequest, DecideResponse> {
  return {
    service: serviceNames.decision,
    method: 'Decide',
    requestType: 'portreeve.v1.DecideRequest',
    responseType: 'portreeve.v1.DecideResponse',
    doorOf: () => 'native',
    build: (request, pep, traceparent) => {
      const raw = decodeDecide(request, pep, traceparent);
      const document = connectionDocument(raw, config);
      // Only what HTTP says can be refused.
      return buildContext(document && !(document instanceof Refusal) ? { ...raw, document } : raw, config);
    },
    encode: (made) => encodeDecide(made.decision),
    lastResort: (decisionId) => ({
      ...(decisionId !== undefined && { decision_id: decisionId }),
      outcome: 'OUTCOME_DENY',
      enforcement: 'ENFORCEMENT_ENFORCED',
      reasons: [{ ...makeReason({ code: 'system.internal' }), severity: 'SEVERITY_DENY' }],
    }),
  };
}
