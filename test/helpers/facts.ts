import { noAttestation } from '../../src/attestation/judge.ts';
import type { Pep } from '../../src/context/types.ts';
import type { Material } from '../../src/decision/conclude.ts';
import type { CredentialFacts, Facts, Versions } from '../../src/decision/types.ts';
import type { DeviceRecord } from '../../src/inventory/types.ts';
import type { Verdict } from '../../src/policy/types.ts';

/** The time of `someFacts`. */
export const factsTime = Date.UTC(2026, 5, 1, 12);

export const somePep: Pep = {
  name: 'envoy',
  tenant: 'default',
  site: 'lyon',
  authenticated_by: 'tls',
  may_assert_devices: false,
  may_send_xfcc: false,
  networks: [],
  trusted_hops: 0,
};

export function someDevice(changes: Partial<DeviceRecord> = {}): DeviceRecord {
  return {
    device_id: 'meter-1',
    status: 'active',
    class: 'meter',
    tags: [],
    certificates: [],
    keys: [],
    firmware: [],
    networks: [],
    gateways: [],
    entitlements: [],
    attributes: {},
    epoch: 1,
    updated_at: 0,
    ...changes,
  };
}

export function someCredential(changes: Partial<CredentialFacts> = {}): CredentialFacts {
  return {
    key: '11'.repeat(32),
    source: 'peer_certificate',
    fingerprint: '22'.repeat(32),
    key_digest: '33'.repeat(32),
    key_algorithm: 'ec-prime256v1',
    issuer_name: 'CN=Meters CA',
    issuer_key: '44'.repeat(32),
    serial: '0a1b',
    not_before: factsTime - 1000_000,
    not_after: factsTime + 9000_000,
    valid: true,
    anchor: 'fleet',
    profile: 'cn',
    issuer: 'meters',
    lint: [],
    path: ['22'.repeat(32), '55'.repeat(32)],
    identity: { id: 'meter-1', scheme: 'cn', hardware_serial: null },
    ...changes,
  };
}

/** Facts of an active meter that proved itself, with nothing against it. */
export function someFacts(changes: Partial<Facts> = {}): Facts {
  return {
    now: factsTime,
    tenant: 'default',
    door: 'native',
    pep: somePep,
    connection: {
      authenticated_by: 'device_tls',
      source_ip: '10.20.0.7',
      destination: null,
      protocol: null,
      sni: null,
      http: null,
      connection_id: null,
      request_id: null,
      claims: { device_id: null, serial: null, firmware_hash: null },
    },
    credential: someCredential(),
    device_id: 'meter-1',
    subject: 'proved',
    assurance: 'device_proved',
    revocation: [],
    device: someDevice(),
    binding: 'issuer',
    gateway: null,
    firmware: null,
    inventory_state: null,
    policy_state: null,
    crl_grace: null,
    attestation: noAttestation,
    custom: {},
    holds: [],
    shared_use: null,
    clock: null,
    findings: [],
    limits: [],
    ...changes,
  };
}

export const someVersions: Versions = {
  program: 'portreeve test',
  instance: 'here',
  site: null,
  bundle: null,
  input_version: 1,
  epochs: {},
  crls: [],
  configuration: '',
  anchors: '',
  classes: '',
  catalogue: '',
};

export function someVerdict(changes: Partial<Verdict> = {}): Verdict {
  return {
    allow: true,
    reasons: [],
    entitlements: ['telemetry:write'],
    headers: { 'x-lane': 'fast' },
    session_limit_s: 600,
    ttl_s: 60,
    ...changes,
  };
}

/** What an allow is concluded from. */
export function someMaterial(changes: Partial<Material> = {}): Material {
  return {
    decisionId: 'id',
    tenant: 'default',
    now: factsTime,
    pep: somePep,
    facts: someFacts(),
    verdict: someVerdict(),
    faults: [],
    findings: [],
    versions: someVersions,
    ...changes,
  };
}
