import type { Decision, Reason, Versions } from '../../decision/types.ts';
import type { WireStruct, WireValue } from '../ext-authz/wire.ts';
import type { DecideResponse } from './wire.ts';

/** The whole Decision as a DecideResponse; null becomes absent. */
export function encodeDecide(decision: Decision): DecideResponse {
  const { obligations, device_id, valid_until } = decision;
  return {
    decision_id: decision.decision_id,
    tenant: decision.tenant,
    time: decision.time,
    outcome: `OUTCOME_${decision.outcome.toUpperCase()}`,
    enforcement: decision.enforced ? 'ENFORCEMENT_ENFORCED' : 'ENFORCEMENT_NOT_ENFORCED',
    reasons: decision.reasons.map(encodeReason),
    ...(device_id !== null && { device_id }),
    assurance: `ASSURANCE_${decision.assurance.toUpperCase()}`,
    obligations: {
      entitlements: obligations.entitlements,
      headers: obligations.headers,
      ...(obligations.session_limit_s !== null && { session_limit_s: obligations.session_limit_s }),
    },
    ...(valid_until !== null && { valid_until }),
    versions: encodeVersions(decision.versions),
    faults: decision.faults,
  };
}

function encodeReason(reason: Reason): NonNullable<DecideResponse['reasons']>[number] {
  return {
    code: reason.code,
    severity: `SEVERITY_${reason.severity.toUpperCase()}`,
    message: reason.message,
    ...(reason.detail && { detail: encodeDetail(reason.detail) }),
    ...(reason.remediation !== undefined && { remediation: reason.remediation }),
    ...(reason.class !== undefined && { coarse_class: reason.class }),
  };
}

function encodeDetail(detail: NonNullable<Reason['detail']>): WireStruct {
  const fields: Record<string, WireValue> = {};
  for (const [key, value] of Object.entries(detail)) {
    if (typeof value === 'string') fields[key] = { stringValue: value };
    else if (typeof value === 'number') fields[key] = { numberValue: value };
    else fields[key] = { boolValue: value };
  }
  return { fields };
}

function encodeVersions(versions: Versions): NonNullable<DecideResponse['versions']> {
  const { site, bundle, crls, ...rest } = versions;
  return {
    ...rest,
    ...(site !== null && { site }),
    ...(bundle !== null && { bundle }),
    crls: crls.map(({ number, ...crl }) => (number === null ? crl : { ...crl, number })),
  };
}
