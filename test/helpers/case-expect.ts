import type { CheckResponse } from '../../src/api/ext-authz/wire.ts';
import { configDigest } from '../../src/config/digest.ts';
import { catalogue } from '../../src/decision/reasons.ts';
import type { Decision, Reason, Severity, Versions } from '../../src/decision/types.ts';
import { formatInstant } from '../../src/lib/clock.ts';
import { isReasonCode } from '../../src/lib/reason-code.ts';
import { instant } from './case-certificates.ts';
import { fleet } from './case-files.ts';
import type { Case, ExpectedReason, Expectation } from './case-types.ts';
import type { CaseWorld } from './case-world.ts';

/** A Decision but for what differs every time: its id, its versions and the words of its faults. */
export interface Comparable {
  readonly tenant: string;
  readonly time: string;
  readonly outcome: string;
  readonly enforced: boolean;
  readonly reasons: readonly object[];
  readonly device_id: string | null;
  readonly assurance: string;
  readonly obligations: Decision['obligations'];
  readonly valid_until: string | null;
  readonly faults: readonly string[];
}

const severities = ['deny', 'warn', 'info'] as const satisfies readonly Severity[];

/** The whole Decision that a case expects. */
export function expectedDecision({ at, expect }: Pick<Case, 'at' | 'expect'>): Comparable {
  const { entitlements = [], headers = {}, session_limit_s: limit = null } = expect.obligations ?? {};
  return {
    tenant: expect.tenant ?? 'default',
    time: formatInstant(instant(at)),
    outcome: expect.outcome,
    enforced: expect.enforced ?? true,
    reasons: expect.reasons.map(expectedReason),
    device_id: expect.device_id,
    assurance: expect.assurance,
    obligations: { entitlements, headers, session_limit_s: limit },
    valid_until: expect.valid_until === undefined ? null : formatInstant(instant(expect.valid_until)),
    faults: expect.faults ?? [],
  };
}

function expectedReason(reason: ExpectedReason): object {
  const severity = severities.find((name) => reason[name] !== undefined) as Severity;
  return { code: reason[severity], severity, detail: reason.detail ?? {} };
}

const decisionKeys: ReadonlySet<string> = new Set([
  ...['decision_id', 'versions', 'tenant', 'time', 'outcome', 'enforced'],
  ...['device_id', 'assurance', 'obligations', 'valid_until'],
]);

/** The Decision that came, with of each reason's detail only the values that the case names. */
export function comparable(decision: Decision, expect: Expectation): Comparable {
  const { tenant, time, outcome, enforced, device_id, assurance, obligations, valid_until } = decision;
  const { reasons, faults, ...others } = decision;
  const unknown = Object.keys(others).filter((key) => !decisionKeys.has(key));
  if (unknown.length > 0) throw new Error(`no expectation speaks of ${unknown.join(', ')}`);
  return {
    ...{ tenant, time, outcome, enforced, device_id, assurance, obligations, valid_until },
    reasons: reasons.map((reason, index) => told(reason, expect.reasons[index])),
    faults: faults.map(({ code, stage }) => `${code} in ${stage}`),
  };
}

function told({ code, severity, detail = {} }: Reason, expected: ExpectedReason | undefined): object {
  const named = Object.keys(expected?.detail ?? {});
  return { code, severity, detail: Object.fromEntries(named.map((name) => [name, detail[name]])) };
}

const uuidV7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const digest = /^[0-9a-f]{64}$/;

/** What is wrong with those parts of a Decision that differ every time; empty where nothing is. */
export function misshapen(decision: Decision, world: CaseWorld): readonly string[] {
  const { decision_id: id, versions, reasons, faults } = decision;
  const wrong = reasons.filter((reason) => !isWorded(reason));
  return [
    ...(uuidV7.test(id) ? [] : [`decision_id ${id}`]),
    ...wrong.map(({ code }) => `message of ${code}`),
    ...faults.filter(({ message }) => message === '').map(({ code }) => `message of fault ${code}`),
    ...misshapenVersions(versions, world),
  ];
}

/** In the words of the catalogue, or in those of the bundle with all else that it declares. */
function isWorded({ code, message, ...told }: Reason): boolean {
  if (isReasonCode(code))
    return message === catalogue[code].text && told.class === undefined && told.remediation === undefined;
  const { text, remediation, coarse = 'not_authorized' } = fleet.reasons[code] ?? {};
  return message === text && told.remediation === remediation && told.class === coarse;
}

function misshapenVersions(versions: Versions, { config, bundle }: CaseWorld): readonly string[] {
  const checks: Readonly<Record<keyof Versions, boolean>> = {
    program: /^portreeve \d+\.\d+\.\d+$/.test(versions.program),
    instance: versions.instance !== '',
    site: versions.site === config.site,
    bundle: versions.bundle === (bundle ?? null),
    input_version: versions.input_version === 1,
    epochs: Object.values(versions.epochs).every((epoch) => Number.isInteger(epoch) && epoch > 0),
    crls: versions.crls.every((crl) => digest.test(crl.issuer_key) && digest.test(crl.digest)),
    configuration: versions.configuration === configDigest(config),
    anchors: digest.test(versions.anchors),
    classes: digest.test(versions.classes),
    catalogue: digest.test(versions.catalogue),
  };
  return Object.entries(checks).flatMap(([name, right]) => (right ? [] : [`versions.${name}`]));
}

/** What Envoy is to get for a decision: nothing but numbers, headers and a body that follow from the case. */
export interface ExpectedAnswer {
  readonly grpc: number;
  readonly http: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly removed: readonly string[];
  readonly body: unknown;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The answer that follows from what a case expects, for the HTTP filter or for the network filter. */
export function expectedAnswer(one: Case, door: string, decisionId: string): ExpectedAnswer {
  const { expect } = one;
  const passes = expect.outcome === 'allow' || expect.enforced === false;
  const http = door === 'ext_authz_http';
  const [status = '', coarse = ''] = (expect.wire ?? '').split(' ');
  const [first] = expect.reasons;
  return {
    grpc: passes ? 0 : status === '401' ? 16 : 7,
    http: http && !passes ? Number(status) : undefined,
    headers: http ? (passes ? upstreamHeaders(expect, decisionId) : deniedHeaders(status)) : {},
    removed: http && passes ? removed(expect) : [],
    body: http && !passes ? { decision_id: decisionId, class: coarse } : undefined,
    metadata: {
      decision_id: decisionId,
      outcome: expect.outcome,
      reason: String(first?.deny ?? first?.warn ?? first?.info),
      ...(isTold(expect) && { device_id: expect.device_id }),
    },
  };
}

/** A device that is no more than claimed is told to nobody but the auditor. */
function isTold(expect: Expectation): expect is Expectation & { readonly device_id: string } {
  return expect.device_id !== null && expect.claimed !== true;
}

/** A denial that is let pass earns neither entitlements nor an end. */
function upstreamHeaders(expect: Expectation, decisionId: string): Readonly<Record<string, string>> {
  const { valid_until: until, obligations = {} } = expect;
  const entitlements = obligations.entitlements ?? [];
  return {
    'x-portreeve-decision': decisionId,
    ...(isTold(expect) && { 'x-portreeve-device': expect.device_id }),
    'x-portreeve-assurance': expect.assurance,
    ...(entitlements.length > 0 && { 'x-portreeve-entitlements': entitlements.join(',') }),
    ...(until !== undefined && { 'x-portreeve-valid-until': formatInstant(instant(until)) }),
    ...obligations.headers,
  };
}

/** Of our own names those that this answer does not set, so that a client's forgery does not pass either. */
function removed(expect: Expectation): readonly string[] {
  const set = upstreamHeaders(expect, 'id');
  const own = ['decision', 'device', 'assurance', 'entitlements', 'valid-until'].map(
    (name) => `x-portreeve-${name}`,
  );
  return own.filter((name) => !Object.hasOwn(set, name));
}

/** The delay is random, and read as a mark here; `deviations` looks at its range. */
function deniedHeaders(status: string): Readonly<Record<string, string>> {
  const content = { 'content-type': 'application/json' };
  return status === '503' ? { ...content, 'retry-after': 'within the configured range' } : content;
}

/** An answer of `Check` in the same words. */
export function answerOf(answer: CheckResponse, world: CaseWorld): ExpectedAnswer {
  const { ok_response: ok, denied_response: denied, dynamic_metadata: metadata } = answer;
  const headers = (denied ?? ok)?.headers ?? [];
  const fields = Object.entries(metadata?.fields ?? {});
  return {
    grpc: answer.status.code ?? 0,
    http: denied && httpStatus(denied.status.code),
    headers: Object.fromEntries(headers.map(({ header }) => [header.key, valueOf(header, world)])),
    removed: ok?.headers_to_remove ?? [],
    body: denied ? JSON.parse(denied.body) : undefined,
    metadata: Object.fromEntries(fields.map(([name, value]) => [name, String(value.stringValue)])),
  };
}

/** Statuses that our proto names come by their names. */
const statusNames: Readonly<Record<string, number>> = {
  Unauthorized: 401,
  Forbidden: 403,
  ServiceUnavailable: 503,
};

function httpStatus(code: number | string): number {
  return statusNames[code] ?? Number(code);
}

function valueOf({ key, value }: { key: string; value: string }, { config }: CaseWorld): string {
  if (key !== 'retry-after') return value;
  const { min, max } = config.wire.retry_after;
  const seconds = Number(value);
  return Number.isInteger(seconds) && seconds >= min && seconds <= max
    ? 'within the configured range'
    : value;
}
