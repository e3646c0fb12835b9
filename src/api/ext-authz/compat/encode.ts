import type { Config } from '../../../config/types.ts';
import type { Door } from '../../../context/types.ts';
import type { Decision, MadeDecision } from '../../../decision/types.ts';
import type { MetadataValue, NamedValue, PolicyResponse } from '../../../policy/compat/types.ts';
import { lets, statusTable } from '../../status-table.ts';
import { deviceToTell, upstreamHeaders } from '../headers.ts';
import type { CheckResponse, HeaderOption, WireStruct, WireValue } from '../wire.ts';
import { parseErrorField } from './document.ts';

/**
 * The CheckResponse that opa-envoy-plugin would give: of what the policy itself answers, and of a request that cannot be
 * parsed. Undefined for every other decision, the floor's denials above all, which are told as ever. What passes takes
 * our headers with it as well, so that no client's words under our names reach an upstream.
 */
export function encodeCompat(
  made: Pick<MadeDecision, 'decision' | 'facts'>,
  door: Door,
): CheckResponse | undefined {
  const { decision } = made;
  const { response } = decision.obligations;
  if (response) return encodeResponse(made, response, door);
  const problem = parseProblem(decision);
  return problem === undefined ? undefined : encodeParseError(decision, problem, door);
}

function encodeResponse(
  made: Pick<MadeDecision, 'decision' | 'facts'>,
  response: PolicyResponse,
  door: Door,
): CheckResponse {
  const { decision } = made;
  const dynamic_metadata = metadataOf(decision, response.dynamic_metadata);
  const http = door === 'ext_authz_http';
  if (lets(decision)) {
    const status = { code: statusTable.allow.grpc };
    return { status, ...(http && { ok_response: okResponse(made, response) }), dynamic_metadata };
  }
  const status = { code: statusTable.denied.grpc };
  if (!http || response.shape === 'boolean') return { status, dynamic_metadata };
  return { status, denied_response: deniedResponse(response), dynamic_metadata };
}

/** A denial that is not enforced has earned nothing, as in the plugin's dry run. */
function okResponse(
  made: Pick<MadeDecision, 'decision' | 'facts'>,
  response: PolicyResponse,
): NonNullable<CheckResponse['ok_response']> {
  const ours = upstreamHeaders(made.decision, deviceToTell(made));
  if (made.decision.outcome !== 'allow') return ours;
  const parameters = response.query_parameters_to_set ?? [];
  return {
    headers: [...ours.headers, ...headersOf(response.headers)],
    headers_to_remove: [...ours.headers_to_remove, ...(response.request_headers_to_remove ?? [])],
    response_headers_to_add: headersOf(response.response_headers_to_add),
    query_parameters_to_set: parameters.map(({ name, value }) => ({ key: name, value })),
    query_parameters_to_remove: response.query_parameters_to_remove ?? [],
  };
}

function deniedResponse({ headers, body, http_status: status }: PolicyResponse) {
  return {
    status: { code: status ?? (statusTable.denied.http as number) },
    headers: headersOf(headers),
    body: body ?? '',
  };
}

/** Neither `append` nor `append_action` is said, as the plugin says neither. */
function headersOf(headers: readonly NamedValue[] = []): readonly HeaderOption[] {
  return headers.map(({ name, value }) => ({ header: { key: name, value } }));
}

function metadataOf(decision: Decision, metadata: PolicyResponse['dynamic_metadata'] = {}): WireStruct {
  const fields = structOf(metadata).fields ?? {};
  return { fields: { ...fields, decision_id: { stringValue: decision.decision_id } } };
}

function structOf(object: Readonly<Record<string, MetadataValue>>): WireStruct {
  const fields = Object.entries(object).map(([name, value]) => [name, valueOf(value)] as const);
  return { fields: Object.fromEntries(fields) };
}

function valueOf(value: MetadataValue): WireValue {
  if (value === null) return { nullValue: 'NULL_VALUE' };
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'number') return { numberValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (isList(value)) return { listValue: { values: value.map(valueOf) } };
  return { structValue: structOf(value) };
}

function isList(value: MetadataValue): value is readonly MetadataValue[] {
  return Array.isArray(value);
}

/** What was wrong with a request that could not be parsed for the policy. */
function parseProblem(decision: Decision): string | undefined {
  if (lets(decision)) return undefined;
  const reason = decision.reasons.find(({ detail }) => detail?.['field'] === parseErrorField);
  const problem = reason?.detail?.['problem'];
  return typeof problem === 'string' ? problem : undefined;
}

function encodeParseError(decision: Decision, problem: string, door: Door): CheckResponse {
  const message = `${parseErrorField}: ${problem}`;
  const dynamic_metadata = metadataOf(decision);
  const status = { code: statusTable.denied.grpc, message };
  if (door !== 'ext_authz_http') return { status, dynamic_metadata };
  return { status, denied_response: { status: { code: 400 }, headers: [], body: message }, dynamic_metadata };
}

/** gRPC status codes of failed calls. */
const failures = { unknown: 2, deadlineExceeded: 4 } as const;

const failureOf: Readonly<Partial<Record<string, number>>> = {
  'policy.undefined': failures.unknown,
  'policy.error': failures.unknown,
  'policy.timeout': failures.deadlineExceeded,
  'system.overload_shed': failures.deadlineExceeded,
};

/**
 * The gRPC error that opa-envoy-plugin answers instead of a denial that has no other cause than an undefined decision, an
 * error in the policy or a deadline; only where the configuration wants that.
 */
export function compatFailure(
  decision: Decision,
  { policy, compat }: Pick<Config, 'policy' | 'compat'>,
): { readonly code: number; readonly details: string } | undefined {
  if (policy.compat === null || compat.undefined !== 'error' || lets(decision)) return undefined;
  const denying = decision.reasons.filter(({ severity }) => severity === 'deny').map(({ code }) => code);
  const [first] = denying;
  if (first === undefined || !denying.every((code) => failureOf[code] !== undefined)) return undefined;
  const fault = decision.faults.find(({ code }) => code === first);
  return { code: failureOf[first] as number, details: fault?.message ?? first };
}
