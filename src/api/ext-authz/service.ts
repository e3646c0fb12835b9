import type { Config } from '../../config/types.ts';
import { buildContext } from '../../context/build.ts';
import type { ContextSettings } from '../../context/build.ts';
import { headersAskedFor } from '../../context/header-names.ts';
import { Refusal } from '../../context/refusal.ts';
import type { ContextResult, Pep } from '../../context/types.ts';
import { KnownNames } from '../known-names.ts';
import { serviceNames } from '../load-protos.ts';
import { shedFailure } from '../shed-failure.ts';
import type { UnaryDoor } from '../unary-door.ts';
import { documentFor } from './compat/door.ts';
import { compatFailure, encodeCompat } from './compat/encode.ts';
import { requestIdHeader } from './check-parts.ts';
import { decodeCheck, doorOf } from './decode.ts';
import { encodeCheck } from './encode.ts';
import { overwrite } from './headers.ts';
import { readCheck } from './read-check.ts';
import type { CheckRequest, CheckResponse } from './wire.ts';
import { writeCheck } from './write-check.ts';

/** Envoy's ext_authz v3, for its HTTP filter and for its network filter. `config` is read at every call. */
export function extAuthzDoor(
  config: Pick<Config, 'attestation' | 'claims' | 'custom' | 'wire' | 'policy' | 'compat'>,
): UnaryDoor<CheckRequest, CheckResponse> {
  const names = namesAskedFor(config);
  return {
    service: serviceNames.extAuthz,
    method: 'Check',
    requestType: 'envoy.service.auth.v3.CheckRequest',
    responseType: 'envoy.service.auth.v3.CheckResponse',
    doorOf: (request) => (request ? doorOf(request) : 'ext_authz_http'),
    buildQuick: (bytes, pep, traceparent) => {
      // Policies of another program are shown the whole message.
      const raw = config.policy.compat === null ? readCheck(bytes, pep, traceparent, names()) : undefined;
      return raw && buildContext(raw, config);
    },
    build: (request, pep, traceparent) => {
      const document = documentFor(request, config);
      if (document instanceof Refusal) return refused(document, request, pep, traceparent);
      const raw = decodeCheck(request, pep, traceparent);
      if (raw instanceof Refusal) return refused(raw, request, pep, traceparent);
      return buildContext(document ? { ...raw, document } : raw, config);
    },
    encode: (made, door) =>
      (config.policy.compat === null ? undefined : encodeCompat(made, door)) ??
      encodeCheck(made, door, config.wire),
    write: (answer) => (config.policy.compat === null ? writeCheck(answer) : undefined),
    failure: (decision) => compatFailure(decision, config) ?? shedFailure(decision, config),
    lastResort: (decisionId) => lastResort(decisionId ?? ''),
  };
}

/** The names of headers that are read, made anew where another configuration has come to stand behind `config`. */
function namesAskedFor(config: ContextSettings): () => KnownNames {
  let names = new KnownNames([]);
  let of: ContextSettings | undefined;
  return () => {
    const { attestation, claims, custom } = config;
    if (of?.attestation !== attestation || of.claims !== claims || of.custom !== custom) {
      of = { attestation, claims, custom };
      names = new KnownNames([requestIdHeader, ...headersAskedFor(of)]);
    }
    return names;
  };
}

function refused(
  { field, problem }: Refusal,
  request: CheckRequest,
  pep: Pep,
  traceparent: string | undefined,
): ContextResult {
  return { ok: false, pep, door: doorOf(request), field, problem, ...(traceparent && { traceparent }) };
}

/** HTTP or L4 alike: where there is no HTTP, Envoy passes over the response. */
function lastResort(decisionId: string): CheckResponse {
  return {
    status: { code: 7 },
    denied_response: {
      status: { code: 503 },
      headers: [overwrite('content-type', 'application/json')],
      body: JSON.stringify({ decision_id: decisionId, class: 'retry_later' }),
    },
    dynamic_metadata: {
      fields: {
        decision_id: { stringValue: decisionId },
        outcome: { stringValue: 'deny' },
        reason: { stringValue: 'system.internal' },
      },
    },
  };
}
