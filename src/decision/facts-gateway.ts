import type { ConnectionContext } from '../context/types.ts';
import { sameDeviceId } from '../identity/compare.ts';
import type { DeviceIdentity } from '../identity/types.ts';
import { judgeDelegation } from '../inventory/gateways/judge.ts';
import type { JudgedDelegation } from '../inventory/gateways/judge.ts';
import type { DeviceRecord } from '../inventory/types.ts';
import type { EpochMs } from '../lib/clock.ts';
import type { Finding } from '../lib/reason-code.ts';
import type { DecisionDeps } from './deps.ts';
import type { ExaminedCredential } from './facts-credential.ts';
import { catalogue, denies } from './reasons.ts';
import type { Facts } from './types.ts';

/** Who vouches for the device, and whether that word counts. */
export interface Vouching {
  readonly id: string;
  /** It showed its own valid, unrevoked certificate with this very id. */
  readonly proved: boolean;
  /** Its word counts: proved, or said by an enforcement point that may assert devices. */
  readonly trusted: boolean;
  readonly findings: readonly Finding[];
}

/**
 * The gateway of a connection; undefined where none takes part. Under `gateway_asserted` a presented certificate is
 * the gateway's: if it does not prove the gateway, nothing else makes its word count. A gateway that is named
 * although the device proved itself is a fact and vouches for nothing.
 */
export function judgeGateway(
  context: ConnectionContext,
  credential: ExaminedCredential | undefined,
  revocation: readonly Finding[],
): Vouching | undefined {
  if (context.authenticatedBy !== 'gateway_asserted') {
    if (context.gateway === undefined) return undefined;
    return { id: context.gateway, proved: false, trusted: false, findings: [] };
  }
  if (!credential) return vouchedByPep(context);
  return vouchedByCertificate(context, credential, revocation);
}

function vouchedByPep(context: ConnectionContext): Vouching {
  const id = context.gateway ?? context.pep.name;
  if (context.pep.may_assert_devices) return { id, proved: false, trusted: true, findings: [] };
  return {
    id,
    proved: false,
    trusted: false,
    findings: [
      untrusted(id, 'neither proved by its certificate nor may this enforcement point assert devices'),
    ],
  };
}

function vouchedByCertificate(
  context: ConnectionContext,
  credential: ExaminedCredential,
  revocation: readonly Finding[],
): Vouching {
  const { identity } = credential.judged;
  const id = gatewayId(context, identity);
  const problem = whyNotProved(context, credential, revocation);
  if (problem !== undefined) return { id, proved: false, trusted: false, findings: [untrusted(id, problem)] };
  // Where revocation is not established the cause is ours: it vouches for nothing, and the revocation findings say why.
  return { id, proved: true, trusted: !revocation.some(denies), findings: [] };
}

function whyNotProved(
  context: ConnectionContext,
  credential: ExaminedCredential,
  revocation: readonly Finding[],
): string | undefined {
  if (!credential.facts.valid) return 'its certificate is not valid';
  if (revocation.some(isRevoked)) return 'its certificate is revoked';
  const { identity } = credential.judged;
  if (!identity) return 'its certificate names nobody';
  if (context.gateway !== undefined && !isSame(context.gateway, identity)) {
    return 'the certificate is of another gateway';
  }
  return undefined;
}

function isRevoked(finding: Finding): boolean {
  return denies(finding) && !catalogue[finding.code].ours;
}

/** In the profile's normal form where the certificate says so, since the inventory is asked by it. */
function gatewayId(context: ConnectionContext, identity: DeviceIdentity | undefined): string {
  if (context.gateway === undefined) return identity?.id ?? context.pep.name;
  return identity && isSame(context.gateway, identity) ? identity.id : context.gateway;
}

function isSame(named: string, identity: DeviceIdentity): boolean {
  return sameDeviceId(identity.scheme, named, identity.id);
}

function untrusted(gateway: string, because: string): Finding {
  return { code: 'assurance.gateway_untrusted', detail: { gateway, because } };
}

/** A gateway as the inventory knows it, and whether it may speak for a device. */
export interface KnownGateway {
  readonly fact: NonNullable<Facts['gateway']>;
  /** Since when its record, and what lets it speak for the device, are as they are; null where one of them is missing. */
  readonly since: readonly (EpochMs | null)[];
}

/** Looks a gateway up, and what is delegated to it about a device. Call within one `store.snapshot`. */
export function gatewayFact(
  { tenant }: Pick<ConnectionContext, 'tenant'>,
  gateway: Pick<Vouching, 'id' | 'proved'> & { readonly bound_until: EpochMs | null },
  child: DeviceRecord | undefined,
  now: EpochMs,
  deps: Pick<DecisionDeps, 'inventory' | 'delegations'>,
): KnownGateway {
  const record = deps.inventory.device(tenant, gateway.id);
  const delegated = child && delegationOf(tenant, gateway.id, child, now, deps);
  return {
    fact: {
      bound_until: gateway.bound_until,
      delegated_by: delegated?.by ?? null,
      delegated_until: delegated?.until ?? null,
      enrolled: delegated?.enrolled ?? false,
      id: gateway.id,
      known: record !== undefined,
      proved: gateway.proved,
      status: record?.status ?? null,
    },
    since: [record?.updated_at ?? null, delegated?.changed_at ?? null],
  };
}

function delegationOf(
  tenant: string,
  gateway: string,
  child: DeviceRecord,
  now: EpochMs,
  { delegations }: Pick<DecisionDeps, 'delegations'>,
): JudgedDelegation {
  const { device_id: id, class: className } = child;
  const found = child.gateways.includes(gateway)
    ? []
    : delegations.delegations(tenant, gateway, id, className);
  return judgeDelegation(child, gateway, found, now);
}

/** The ends of what is delegated, and of the window of the gateway's certificate, where an allow relies on them. */
export function gatewayLimits({
  connection,
  gateway,
}: Pick<Facts, 'connection' | 'gateway'>): Facts['limits'] {
  if (connection.authenticated_by !== 'gateway_asserted' || gateway === null) return [];
  const { enrolled, delegated_until: delegated, bound_until: bound } = gateway;
  return [
    ...(enrolled && delegated !== null
      ? [{ because: 'delegation to the gateway: until', until: delegated }]
      : []),
    // Records of before there were such windows do not say it.
    ...(typeof bound === 'number'
      ? [{ because: "binding of the gateway's certificate: until", until: bound }]
      : []),
  ];
}
