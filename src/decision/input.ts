import { sameDeviceId, sameSerial } from '../identity/compare.ts';
import type { ProfileKind } from '../identity/types.ts';
import { memberOrder } from '../lib/canonical-json.ts';
import type { EpochMs } from '../lib/clock.ts';
import type { PolicyInput } from '../policy/types.ts';
import { denies } from './reasons.ts';
import type { Facts } from './types.ts';

/** What the input says of the configuration; the rest of the configuration reaches the policy as data. */
export interface InputSettings {
  /** `trust.credential_optional`. */
  readonly credentialOptional: boolean;
}

/**
 * The policy's input, version 1, from the facts alone: every key present, null where there is nothing to say.
 * Comparisons are made here (serials as unsigned integers, ids by their profile's rules), so that no policy
 * compares spellings.
 */
export function policyInput(facts: Facts, settings: InputSettings): PolicyInput {
  return inOrder({
    ...connectionPart(facts),
    ...credentialPart(facts, settings),
    ...revocationPart(facts),
    ...claimsPart(facts),
    ...devicePart(facts),
    ...gatewayPart(facts),
    custom: facts.custom,
  });
}

const inOrder = memberOrder<PolicyInput>();

const minute = 60_000;
const day = 24 * 60 * minute;

function connectionPart(facts: Facts) {
  const { connection, pep, now } = facts;
  return {
    input_version: 1,
    now_s: seconds(now),
    // 1970-01-01 was a Thursday.
    weekday: (Math.floor(now / day) + 4) % 7,
    minute_of_day: Math.floor((now % day) / minute),
    tenant: facts.tenant,
    door: facts.door,
    pep: pep.name,
    pep_site: pep.site ?? null,
    pep_zone: pep.zone ?? null,
    pep_authenticated_by: pep.authenticated_by,
    pep_may_assert_devices: pep.may_assert_devices,
    pep_networks: pep.networks,
    source_ip: connection.source_ip,
    destination: connection.destination,
    protocol: connection.protocol,
    sni: connection.sni,
    http_method: connection.http?.method ?? null,
    http_host: connection.http?.host ?? null,
    http_path: connection.http?.path ?? null,
    authenticated_by: connection.authenticated_by,
    assurance: facts.assurance,
  } as const satisfies Partial<PolicyInput>;
}

function credentialPart(facts: Facts, settings: InputSettings) {
  const { credential, now } = facts;
  const { not_before: from = null, not_after: to = null } = credential ?? {};
  return {
    credential_optional: settings.credentialOptional,
    credential_presented: credential !== null,
    credential_valid: credential?.valid ?? false,
    credential_findings: credential ? credentialFindings(facts) : [],
    anchor: credential?.anchor ?? null,
    profile: credential?.profile ?? null,
    issuer: credential?.issuer ?? null,
    device_id: facts.device_id,
    hardware_serial: credential?.identity?.hardware_serial ?? null,
    certificate_serial: credential?.serial ?? null,
    certificate_fingerprint: credential?.fingerprint ?? null,
    key_digest: credential?.key_digest ?? null,
    key_algorithm: credential?.key_algorithm ?? null,
    lifetime_s: from === null || to === null ? null : seconds(to - from),
    certificate_age_s: from === null ? null : seconds(now - from),
    remaining_s: to === null ? null : seconds(to - now),
  } satisfies Partial<PolicyInput>;
}

/** Codes that speak against the certificate and its path, in the order in which they were found. */
function credentialFindings(facts: Facts): readonly string[] {
  const against = facts.findings.filter(
    (finding) => denies(finding) && /^(identity|chain|credential|revocation)\./.test(finding.code),
  );
  return [...new Set(against.map((finding) => finding.code))];
}

const worstStatus = ['revoked', 'on_hold', 'unknown', 'good'] as const;
const worstFreshness = ['missing', 'stale', 'within_grace', 'fresh'] as const;

/** The whole path in one word each: what is worst of any of its certificates. */
function revocationPart({ revocation }: Facts) {
  const ages = revocation.flatMap((fact) => (fact.age_s === null ? [] : [fact.age_s]));
  return {
    revocation_status:
      worstStatus.find((status) => revocation.some((fact) => fact.status === status)) ?? null,
    revocation_freshness:
      worstFreshness.find((freshness) => revocation.some((fact) => fact.freshness === freshness)) ?? null,
    crl_age_s: ages.length === 0 ? null : Math.max(...ages),
  } satisfies Partial<PolicyInput>;
}

function claimsPart(facts: Facts) {
  const { claims } = facts.connection;
  return {
    claimed_device_id: claims.device_id,
    claimed_serial: claims.serial,
    claimed_id_matches: claimedIdMatches(facts),
    claimed_serial_matches: claimedSerialMatches(facts),
    firmware_hash: claims.firmware_hash,
    firmware_source: claims.firmware_hash === null ? null : 'claimed',
    attestation_status: facts.attestation.status,
  } as const satisfies Partial<PolicyInput>;
}

/** Null where nothing was claimed, or nothing but the claim says who the device is. */
function claimedIdMatches({ connection, credential }: Facts): boolean | null {
  const claimed = connection.claims.device_id;
  const identity = credential?.identity;
  if (claimed === null || !identity || connection.authenticated_by === 'gateway_asserted') return null;
  return sameDeviceId(identity.scheme as ProfileKind, claimed, identity.id);
}

/**
 * A claimed serial may be the certificate's, the hardware serial that the certificate states, or the one that the
 * inventory holds; under a gateway's certificate the inventory's alone. Null where nothing was claimed or nothing
 * is known to compare with.
 */
function claimedSerialMatches({ connection, credential, device }: Facts): boolean | null {
  const claimed = connection.claims.serial;
  if (claimed === null) return null;
  const own = connection.authenticated_by === 'gateway_asserted' ? null : credential;
  const serial = own?.serial ?? undefined;
  const stated = [own?.identity?.hardware_serial, device?.serial].filter((it) => typeof it === 'string');
  if (serial === undefined && stated.length === 0) return null;
  if (serial !== undefined && sameSerial(claimed, serial)) return true;
  return stated.some((it) => it === claimed || sameSerial(claimed, it));
}

function devicePart({ device, binding }: Facts) {
  return {
    inventory_known: device !== null,
    device_status: device?.status ?? null,
    device_class: device?.class ?? null,
    device_owner: device?.owner ?? null,
    device_site: device?.site ?? null,
    device_tags: device?.tags ?? [],
    device_firmware: device?.firmware ?? [],
    device_networks: device?.networks ?? [],
    device_entitlements: device?.entitlements ?? [],
    key_protection: device?.key_protection ?? null,
    binding,
  } satisfies Partial<PolicyInput>;
}

function gatewayPart({ gateway }: Facts) {
  return {
    gateway: gateway?.id ?? null,
    gateway_proved: gateway?.proved ?? null,
    gateway_known: gateway?.known ?? null,
    gateway_status: gateway?.status ?? null,
    gateway_enrolled: gateway?.enrolled ?? null,
  } satisfies Partial<PolicyInput>;
}

function seconds(ms: EpochMs): number {
  return Math.floor(ms / 1000);
}
