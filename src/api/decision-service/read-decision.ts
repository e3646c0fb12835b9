import type { Assurance, Decision, Fault, Reason, Severity } from '../../decision/types.ts';
import { PortreeveError } from '../../lib/errors.ts';
import { coarseClasses, isCustomCode, isReasonCode } from '../../lib/reason-code.ts';
import type { CoarseClass, ReasonCode, ToldCode } from '../../lib/reason-code.ts';
import type { WireStruct } from '../ext-authz/wire.ts';
import type { DecideResponse } from './wire.ts';

const assurances: Readonly<Record<string, Assurance>> = {
  ASSURANCE_NONE: 'none',
  ASSURANCE_GATEWAY_ASSERTED: 'gateway_asserted',
  ASSURANCE_DEVICE_PROVED: 'device_proved',
  ASSURANCE_ATTESTED: 'attested',
};
const severities: Readonly<Record<string, Severity>> = { SEVERITY_WARN: 'warn', SEVERITY_INFO: 'info' };

/**
 * Reads a DecideResponse back into the Decision that it carries, as clients do; whatever is unspecified reads as its
 * safe side: denied, enforced, no assurance, deny. Throws PDP_INPUT_MALFORMED for a reason that is
 * neither in the catalogue nor an author's own.
 */
export function readDecision(response: DecideResponse): Decision {
  const { obligations = {}, versions = {} } = response;
  return {
    decision_id: response.decision_id ?? '',
    tenant: response.tenant ?? '',
    time: response.time ?? '',
    outcome: response.outcome === 'OUTCOME_ALLOW' ? 'allow' : 'deny',
    enforced: response.enforcement !== 'ENFORCEMENT_NOT_ENFORCED',
    reasons: (response.reasons ?? []).map(readReason),
    device_id: response.device_id ?? null,
    assurance: assurances[String(response.assurance)] ?? 'none',
    obligations: {
      entitlements: obligations.entitlements ?? [],
      headers: obligations.headers ?? {},
      session_limit_s: obligations.session_limit_s ?? null,
    },
    valid_until: response.valid_until ?? null,
    versions: readVersions(versions),
    faults: (response.faults ?? []).map(readFault),
  };
}

function readVersions(versions: NonNullable<DecideResponse['versions']>): Decision['versions'] {
  const epochs = Object.entries(versions.epochs ?? {}).map(
    ([origin, epoch]) => [origin, Number(epoch)] as const,
  );
  return {
    program: versions.program ?? '',
    instance: versions.instance ?? '',
    site: versions.site ?? null,
    bundle: versions.bundle ?? null,
    input_version: versions.input_version ?? 0,
    epochs: Object.fromEntries(epochs),
    crls: (versions.crls ?? []).map((crl) => ({
      issuer_key: crl.issuer_key ?? '',
      number: crl.number ?? null,
      digest: crl.digest ?? '',
    })),
    configuration: versions.configuration ?? '',
    anchors: versions.anchors ?? '',
    classes: versions.classes ?? '',
    catalogue: versions.catalogue ?? '',
  };
}

function readReason(reason: NonNullable<DecideResponse['reasons']>[number]): Reason {
  return {
    code: toldCode(reason.code),
    severity: severities[String(reason.severity)] ?? 'deny',
    message: reason.message ?? '',
    ...(reason.detail && { detail: readDetail(reason.detail) }),
    ...(reason.remediation !== undefined && { remediation: reason.remediation }),
    ...(reason.coarse_class !== undefined && { class: readClass(reason.coarse_class) }),
  };
}

function readClass(name: string): CoarseClass {
  return coarseClasses.find((known) => known === name) ?? 'not_authorized';
}

function readDetail(detail: WireStruct): NonNullable<Reason['detail']> {
  const values: Record<string, string | number | boolean> = {};
  for (const [key, value] of Object.entries(detail.fields ?? {})) {
    values[key] = value.stringValue ?? value.numberValue ?? value.boolValue ?? '';
  }
  return values;
}

function readFault(fault: NonNullable<DecideResponse['faults']>[number]): Fault {
  return {
    code: knownCode(fault.code),
    stage: (fault.stage ?? 'conclude') as Fault['stage'],
    message: fault.message ?? '',
  };
}

function toldCode(code: string | undefined): ToldCode {
  return code !== undefined && isCustomCode(code) ? code : knownCode(code);
}

function knownCode(code: string | undefined): ReasonCode {
  if (code !== undefined && isReasonCode(code)) return code;
  throw new PortreeveError(
    'PDP_INPUT_MALFORMED',
    `answer with a reason that this version does not know: ${code}`,
  );
}
