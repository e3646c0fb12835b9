import type { Config, ListenerConfig, PepConfig } from '../../../src/config/types.ts';
import type { ContextResult } from '../../../src/context/types.ts';
import { makeReason } from '../../../src/decision/reasons.ts';
import type { CallTiming, Decision, DecisionPoint, MadeDecision } from '../../../src/decision/types.ts';
import type { ReasonCode } from '../../../src/lib/reason-code.ts';

/** A whole decision; the changes are what a test is about. */
export function decision(over: Partial<Decision> = {}): Decision {
  return {
    decision_id: '01900000-0000-7000-8000-000000000001',
    tenant: 'default',
    time: '2026-11-21T12:00:00.000Z',
    outcome: 'allow',
    enforced: true,
    reasons: [makeReason({ code: 'policy.ok' })],
    device_id: 'spiffe://fleet.example/meter/1',
    assurance: 'device_proved',
    obligations: { entitlements: ['read', 'write'], headers: {}, session_limit_s: null },
    valid_until: '2026-11-21T13:00:00.000Z',
    versions: {
      program: 'portreeve 0.1.0',
      instance: 'i-1',
      site: null,
      bundle: null,
      input_version: 1,
      epochs: { 'i-1': 9007199254740991 },
      crls: [{ issuer_key: 'aa', number: null, digest: 'bb' }],
      configuration: 'c',
      anchors: 'd',
      classes: 'e',
      catalogue: 'f',
    },
    faults: [],
    ...over,
  };
}

export function denial(codes: readonly ReasonCode[], over: Partial<Decision> = {}): Decision {
  return decision({
    outcome: 'deny',
    reasons: codes.map((code) => makeReason({ code })),
    valid_until: null,
    ...over,
  });
}

export const wire: Config['wire'] = { statuses: {}, retry_after: { min: 5, max: 30 }, overload: 'denial' };

export const plaintext: ListenerConfig = {
  name: 'main',
  address: '127.0.0.1:0',
  pep: 'edge',
  tls: null,
  insecure: false,
};

export function pepConfig(over: Partial<PepConfig> = {}): PepConfig {
  return {
    name: 'edge',
    tenant: 'default',
    site: null,
    zone: null,
    match: null,
    may_assert_devices: false,
    may_send_xfcc: false,
    networks: [],
    trusted_hops: 0,
    ...over,
  };
}

/** The parts of the configuration that the doors read. */
export const policy: Config['policy'] = {
  ...{
    bundle: null,
    sources: [],
    signed_by: [],
    max_age: null,
    grace: 0,
    keep: 10,
    self_test_timeout: 10_000,
  },
  ...{ compat: null, path: 'envoy/authz/allow', shadow: null },
};

export const compat: Config['compat'] = {
  undefined: 'deny',
  credential_optional: false,
  skip_request_body_parse: false,
  proto_descriptor: null,
  record_bytes: 65_536,
};

/** As by default. */
export const connections: Config['server']['connections'] = {
  max: 4096,
  per_address: 1024,
  setup: 10_000,
  idle: 3_600_000,
  keepalive: 20_000,
  call: 30_000,
  buffered: 67_108_864,
  memory: 67_108_864,
  header_bytes: 65_536,
  resets: { burst: 30_000, rate: 5000 },
};

export function config(over: Partial<Config> = {}): Config {
  const parts: Partial<Config> = {
    claims: { device_id: [{ header: 'x-device-id' }], serial: [], firmware_hash: [], attestation: [] },
    attestation: { challenge: [], verifiers: [] },
    custom: {},
    wire,
    policy,
    compat,
    server: {
      workers: 1,
      budget: 150,
      drain_notice: 0,
      drain: 1000,
      listeners: [plaintext],
      admin: { address: '127.0.0.1:0' },
      health: null,
      max_concurrent_streams: 100,
      connections,
    },
    ...over,
  };
  return parts as Config;
}

/** A decision point that answers what it is told to and remembers what it was asked. */
export class FakePoint implements DecisionPoint {
  readonly asked: { built: ContextResult; timing: CallTiming }[] = [];
  answer: Decision = decision();

  decide(built: ContextResult, timing: CallTiming): Promise<MadeDecision> {
    this.asked.push({ built, timing });
    return Promise.resolve({
      decision: this.answer,
      facts: null,
      input: null,
      verdict: null,
      pep: built.ok ? built.context.pep : built.pep,
      door: built.ok ? built.context.door : built.door,
      connection_id: null,
      trace: null,
      timings: { facts: 0, policy: 0, conclude: 0, total: 0 },
    });
  }

  get last(): ContextResult {
    return (this.asked.at(-1) as { built: ContextResult }).built;
  }
}
