import { sameDeviceId, sameSerial } from '../identity/compare.ts';
import type { ProfileKind } from '../identity/types.ts';
import type { EpochMs } from '../lib/clock.ts';
import type { PolicyInput } from '../policy/types.ts';
import { firmwareOf } from './facts-attestation.ts';
import { firmwareFindings } from './facts-firmware.ts';
import { renewalOverdue, sourceOutside } from './input-comparisons.ts';
import type { ComparedRules } from './input-comparisons.ts';
import { denies } from './reasons.ts';
import type { Facts } from './types.ts';

/** What the input says of the configuration; the rest of the configuration reaches the policy as data. */
export interface InputSettings {
  /** `trust.credential_optional`. */
  readonly credentialOptional: boolean;
  /** The rules of classes that times and addresses are compared with. */
  readonly classes: Readonly<Record<string, ComparedRules>>;
}

/**
 * The policy's input, version 1, from the facts alone: every key present, null where there is nothing to say.
 * Comparisons are made here (serials as unsigned integers, ids by their profile's rules), so that no policy
 * compares spellings; and with times and addresses, so that what is asked is the same for as long as the answer is.
 */
export function policyInput(facts: Facts, settings: InputSettings): PolicyInput {
  const { attestation, binding, connection, credential, device, gateway, now, pep } = facts;
  const { claims, http } = connection;
  const { not_before: from = null, not_after: to = null } = credential ?? {};
  const revocation = worstOf(facts.revocation);
  const firmware = firmwareOf(facts);
  const rules =
    device && Object.hasOwn(settings.classes, device.class) ? settings.classes[device.class] : undefined;
  const times = {
    certificate_age_s: from === null ? null : seconds(now - from),
    lifetime_s: from === null || to === null ? null : seconds(to - from),
    now_s: seconds(now),
    renewal_expected_by_s:
      device?.renewal_expected_by === undefined ? null : seconds(device.renewal_expected_by),
  };
  const overdue = renewalOverdue(times, rules);
  const remaining = to === null ? null : seconds(to - now);
  const outside = sourceOutside(facts, rules);
  // In canonical order, so that writing it need not sort.
  return {
    anchor: credential?.anchor ?? null,
    assurance: facts.assurance,
    attestation_age_s: attestation.issued_at === null ? null : seconds(now - attestation.issued_at),
    attestation_findings: attestation.findings,
    attestation_status: attestation.status,
    attestation_tier: attestation.tier,
    attestation_verifier: attestation.verifier,
    authenticated_by: connection.authenticated_by,
    binding,
    certificate_age_s: times.certificate_age_s,
    certificate_fingerprint: credential?.fingerprint ?? null,
    certificate_serial: credential?.serial ?? null,
    claimed_device_id: claims.device_id,
    claimed_id_matches: claimedIdMatches(facts),
    claimed_serial: claims.serial,
    claimed_serial_matches: claimedSerialMatches(facts),
    credential_findings: credential ? credentialFindings(facts) : [],
    credential_optional: settings.credentialOptional,
    credential_presented: credential !== null,
    credential_shared: facts.shared_use?.scope ?? null,
    credential_valid: credential?.valid ?? false,
    crl_age_s: revocation.age,
    custom: facts.custom,
    destination: connection.destination,
    device_class: device?.class ?? null,
    device_entitlements: device?.entitlements ?? [],
    device_firmware: device?.firmware ?? [],
    device_id: facts.device_id,
    device_networks: device?.networks ?? [],
    device_owner: device?.owner ?? null,
    device_site: device?.site ?? null,
    device_status: device?.status ?? null,
    device_tags: device?.tags ?? [],
    door: facts.door,
    firmware_findings: firmwareFindings(facts.firmware, now),
    firmware_hash: firmware.hash,
    firmware_product: facts.firmware?.product ?? null,
    firmware_source: firmware.source,
    firmware_status: facts.firmware?.status ?? null,
    firmware_version: facts.firmware?.version ?? null,
    gateway: gateway?.id ?? null,
    gateway_delegation_until_s:
      gateway === null || gateway.delegated_until === null ? null : seconds(gateway.delegated_until),
    gateway_enrolled: gateway?.enrolled ?? null,
    gateway_known: gateway?.known ?? null,
    gateway_proved: gateway?.proved ?? null,
    gateway_status: gateway?.status ?? null,
    hardware_serial: credential?.identity?.hardware_serial ?? null,
    http_host: http?.host ?? null,
    http_method: http?.method ?? null,
    http_path: http?.path ?? null,
    input_version: 1,
    inventory_freshness: facts.inventory_state?.freshness ?? null,
    inventory_known: device !== null,
    issuer: credential?.issuer ?? null,
    key_algorithm: credential?.key_algorithm ?? null,
    key_digest: credential?.key_digest ?? null,
    key_protection: device?.key_protection ?? null,
    lifetime_s: times.lifetime_s,
    minute_of_day: Math.floor((now % day) / minute),
    now_s: times.now_s,
    pep: pep.name,
    pep_authenticated_by: pep.authenticated_by,
    pep_may_assert_devices: pep.may_assert_devices,
    pep_networks: pep.networks,
    pep_site: pep.site ?? null,
    pep_zone: pep.zone ?? null,
    profile: credential?.profile ?? null,
    protocol: connection.protocol,
    remaining_s: remaining,
    renewal_expected_by_s: times.renewal_expected_by_s,
    renewal_overdue: overdue,
    renewal_overdue_remaining_s: overdue.length === 0 ? null : remaining,
    revocation_freshness: revocation.freshness,
    revocation_status: revocation.status,
    sni: connection.sni,
    source_ip: connection.source_ip,
    source_ip_outside: outside.length === 0 ? null : connection.source_ip,
    source_outside: outside,
    tenant: facts.tenant,
    // 1970-01-01 was a Thursday.
    weekday: (Math.floor(now / day) + 4) % 7,
  };
}

const minute = 60_000;
const day = 24 * 60 * minute;

/** Codes that speak against the certificate and its path, or the clock that they are judged by, in the order in which they were found. */
function credentialFindings(facts: Facts): readonly string[] {
  if (facts.findings.length === 0) return [];
  const against = facts.findings.filter(
    (finding) =>
      denies(finding) &&
      /^(identity\.|chain\.|credential\.|revocation\.|system\.clock_untrusted$)/.test(finding.code),
  );
  return [...new Set(against.map((finding) => finding.code))];
}

const worstStatus = ['revoked', 'on_hold', 'unknown', 'good'] as const;
const worstFreshness = ['missing', 'stale', 'within_grace', 'fresh'] as const;

/** The whole path in one word each: what is worst of any of its certificates, and the oldest list's age. */
function worstOf(revocation: Facts['revocation']) {
  let [status, freshness, age]: [number, number, number | null] = [
    worstStatus.length,
    worstFreshness.length,
    null,
  ];
  for (const fact of revocation) {
    status = Math.min(status, worstStatus.indexOf(fact.status));
    freshness = Math.min(freshness, worstFreshness.indexOf(fact.freshness));
    if (fact.age_s !== null) age = Math.max(age ?? 0, fact.age_s);
  }
  return { status: worstStatus[status] ?? null, freshness: worstFreshness[freshness] ?? null, age };
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

function seconds(ms: EpochMs): number {
  return Math.floor(ms / 1000);
}
