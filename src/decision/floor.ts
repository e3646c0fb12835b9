import type { DeviceStatus } from '../inventory/types.ts';
import { formatInstant } from '../lib/clock.ts';
import type { Finding, ReasonCode } from '../lib/reason-code.ts';
import { denies } from './reasons.ts';
import type { Facts } from './types.ts';

/**
 * What no policy may allow: a presented certificate whose path does not validate or whose revocation is not
 * established, a gateway's word that does not count, what an operator holds, and a device or gateway that the
 * inventory disables.
 * Empty where the floor holds.
 */
export function floorFindings(facts: Facts): readonly Finding[] {
  const found = facts.findings.filter(denies);
  return [
    ...found,
    ...unexplained(facts, found),
    ...held(facts),
    ...disabledDevice(facts),
    ...disabledGateway(facts),
  ];
}

/** An invalid certificate without a finding would be an error of ours; it does not pass for that. */
function unexplained({ credential }: Facts, found: readonly Finding[]): readonly Finding[] {
  if (credential === null || credential.valid || found.length > 0) return [];
  return [
    { code: 'system.internal', detail: { problem: 'the certificate is not valid and nothing says why' } },
  ];
}

/** One reason for each hold; who and why are for the auditor, as all details are. */
function held({ holds }: Facts): readonly Finding[] {
  return holds.map((hold) => {
    const { id, kind, name, value, issued_before: before, who, why, since, until } = hold;
    const detail = {
      hold: id,
      ...{ [kind]: value, who, why, since: formatInstant(since) },
      ...(name !== value && { name }),
      ...(before !== null && { issued_before: formatInstant(before) }),
      ...(until !== null && { until: formatInstant(until) }),
    };
    return { code: `hold.${kind}` as const, detail };
  });
}

const disabledBy: Readonly<Record<DeviceStatus, ReasonCode | null>> = {
  active: null,
  pre_provisioned: 'inventory.not_active',
  disabled: 'inventory.not_active',
  quarantined: 'inventory.quarantined',
  lost: 'inventory.lost_or_stolen',
  decommissioned: 'inventory.decommissioned',
};

function disabledDevice({ device }: Facts): readonly Finding[] {
  if (device === null) return [];
  const code = disabledBy[device.status];
  return code === null ? [] : [{ code, detail: { status: device.status } }];
}

/** Only a gateway that vouches: one that a proved device merely passes through is for the policy to judge. */
function disabledGateway({ gateway, connection }: Facts): readonly Finding[] {
  if (connection.authenticated_by !== 'gateway_asserted' || gateway === null) return [];
  if (gateway.status === null || gateway.status === 'active') return [];
  const detail = { gateway: gateway.id, because: 'it is not active', status: gateway.status };
  return [{ code: 'assurance.gateway_untrusted', detail }];
}
