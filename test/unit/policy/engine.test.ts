import test from 'ava';
import { PortreeveError } from '../../../src/lib/errors.ts';
import { readBundle } from '../../../src/policy/bundle.ts';
import { createPolicyEngine } from '../../../src/policy/engine.ts';
import type { PolicyInput } from '../../../src/policy/types.ts';
import { goodInput, sampleClasses } from '../../helpers/policy-input.ts';

const rounds = 20_000 * Number(process.env.SOAK_FACTOR ?? 1);
const engine = await createPolicyEngine(readBundle(null), { classes: sampleClasses });

const childOfGateway: PolicyInput = {
  ...goodInput,
  authenticated_by: 'gateway_asserted',
  assurance: 'gateway_asserted',
  anchor: 'gateways',
  device_id: 'SEN-0001',
  device_class: 'sensor',
  binding: 'none',
  firmware_hash: null,
  firmware_source: null,
  gateway: 'gw-1',
  gateway_proved: true,
  gateway_known: true,
  gateway_status: 'active',
  gateway_enrolled: true,
};

const nobody: PolicyInput = {
  ...goodInput,
  authenticated_by: 'none',
  assurance: 'none',
  credential_presented: false,
  credential_valid: false,
  anchor: null,
  device_id: null,
  lifetime_s: null,
  inventory_known: false,
  device_status: null,
  device_class: null,
  binding: 'none',
  firmware_hash: null,
  firmware_source: null,
};

test('the default policy allows a device that nothing speaks against, with what its class grants', (t) => {
  t.deepEqual(engine.evaluate(goodInput), {
    allow: true,
    reasons: [],
    entitlements: ['firmware:read', 'readings:write'],
    headers: {},
    session_limit_s: 3600,
    ttl_s: 300,
  });
});

test("the default policy allows a child for which its proved gateway vouches, where the class takes a gateway's word", (t) => {
  t.true(engine.evaluate(childOfGateway).allow);
});

const denials: readonly (readonly [what: string, code: string, input: PolicyInput])[] = [
  ['no certificate', 'identity.no_credential', nobody],
  ['a claimed id that differs', 'identity.claimed_id_mismatch', { ...goodInput, claimed_id_matches: false }],
  [
    'a claimed serial that differs',
    'identity.serial_mismatch',
    { ...goodInput, claimed_serial_matches: false },
  ],
  [
    "an anchor not of the device's class",
    'identity.anchor_namespace_mismatch',
    { ...goodInput, anchor: 'vendor' },
  ],
  [
    'a certificate whose path does not hold',
    'chain.untrusted_anchor',
    { ...goodInput, credential_valid: false, credential_findings: ['chain.untrusted_anchor'] },
  ],
  [
    'a lifetime that is too long',
    'credential.lifetime_exceeds_policy',
    { ...goodInput, lifetime_s: 400 * 86_400 },
  ],
  [
    'an unknown device',
    'inventory.unknown_device',
    { ...goodInput, inventory_known: false, device_class: null, device_status: null },
  ],
  ['a class without rules', 'inventory.class_unknown', { ...goodInput, device_class: 'toaster' }],
  ['a class that every object has', 'inventory.class_unknown', { ...goodInput, device_class: 'constructor' }],
  ['a disabled device', 'inventory.not_active', { ...goodInput, device_status: 'disabled' }],
  ['a quarantined device', 'inventory.quarantined', { ...goodInput, device_status: 'quarantined' }],
  ['a lost device', 'inventory.lost_or_stolen', { ...goodInput, device_status: 'lost' }],
  ['a decommissioned device', 'inventory.decommissioned', { ...goodInput, device_status: 'decommissioned' }],
  ['a certificate bound too weakly', 'inventory.cert_not_bound', { ...goodInput, binding: 'issuer' }],
  ['no firmware hash', 'firmware.missing', { ...goodInput, firmware_hash: null, firmware_source: null }],
  ['a blocked firmware', 'firmware.blocked', { ...goodInput, firmware_hash: 'bad0'.repeat(16) }],
  ['an unknown firmware', 'firmware.unknown_hash', { ...goodInput, firmware_hash: 'ee'.repeat(32) }],
  ['too little assurance', 'assurance.level_below_required', { ...goodInput, assurance: 'none' }],
  [
    "a gateway's word that is not enough",
    'assurance.device_not_proven',
    { ...childOfGateway, device_class: 'meter' },
  ],
  ['an unknown gateway', 'assurance.gateway_unknown', { ...childOfGateway, gateway_known: false }],
  [
    'a gateway that is not proved',
    'assurance.gateway_untrusted',
    { ...childOfGateway, gateway_proved: false },
  ],
  ['a disabled gateway', 'assurance.gateway_untrusted', { ...childOfGateway, gateway_status: 'disabled' }],
  ["another gateway's child", 'assurance.child_not_enrolled', { ...childOfGateway, gateway_enrolled: false }],
  [
    "a source outside the class's networks",
    'network.source_not_allowed',
    { ...goodInput, source_outside: ['class'] as const, source_ip_outside: '192.0.2.1' },
  ],
  [
    'a source that is not known',
    'network.source_not_allowed',
    { ...goodInput, source_ip: null, source_outside: ['class'] as const },
  ],
];

for (const [what, code, input] of denials) {
  test(`the default policy denies ${what} with ${code}`, (t) => {
    const verdict = engine.evaluate(input);
    t.false(verdict.allow);
    t.true(verdict.reasons.some((reason) => reason.code === code));
    t.deepEqual(verdict.entitlements, []);
  });
}

test('the default policy denies a missing attestation, and what was found against one, where the class requires one', async (t) => {
  const { meter } = sampleClasses;
  const classes = { meter: { ...meter, attestation: { ...meter.attestation, required: true } } };
  const strict = await createPolicyEngine(readBundle(null), { classes });
  t.is(strict.evaluate(goodInput).reasons[0]?.code, 'attestation.missing');
  const old = { code: 'attestation.too_old', detail: { age_s: 7200 } } as const;
  const input = { ...goodInput, attestation_status: 'failed', attestation_findings: [old] } as const;
  t.deepEqual(strict.evaluate(input).reasons, [old]);
  t.true(strict.evaluate({ ...goodInput, attestation_status: 'verified' }).allow);
  const optional = engine.evaluate(input);
  t.true(optional.allow);
  t.is(optional.reasons[0]?.code, 'attestation.not_relied_upon');
});

test('the configuration’s classes take the place of those in the bundle, other data stays', async (t) => {
  const bundle = readBundle(null);
  const data = { other: 1, portreeve: { extra: 2, classes: { meter: sampleClasses.meter } } };
  const without = await createPolicyEngine({ ...bundle, data }, { classes: {} });
  t.deepEqual(
    without.evaluate(goodInput).reasons.map((reason) => reason.code),
    ['inventory.class_unknown'],
  );
});

test('an engine says which bundle it runs', (t) => {
  const { digest, revision, inputVersion } = readBundle(null);
  t.deepEqual(engine.bundle, { digest, revision, inputVersion });
});

test('verdicts do not depend on what was asked before', (t) => {
  const first = engine.evaluate(goodInput);
  for (const [, , input] of denials) engine.evaluate(input);
  t.deepEqual(engine.evaluate(goodInput), first);
});

test('memory stays as it is over many evaluations', (t) => {
  engine.evaluate(goodInput);
  engine.evaluate(childOfGateway);
  const pages = engine.pages();
  for (let round = 0; round < rounds; round++) {
    const input = round % 2 === 0 ? goodInput : childOfGateway;
    engine.evaluate({ ...input, now_s: input.now_s + round, device_id: `MTR-${round}` });
  }
  t.is(engine.pages(), pages);
});

test('a large input makes room for itself once', async (t) => {
  const { inputKeys: _read, ...bundle } = readBundle(null);
  const engine = await createPolicyEngine(bundle, { classes: sampleClasses });
  const custom = Object.fromEntries(
    Array.from({ length: 32 }, (_, index) => [
      `fact_${index}`,
      { value: 'x'.repeat(8192), origin: 'claimed' as const },
    ]),
  );
  t.true(engine.evaluate({ ...goodInput, custom }).allow);
  const pages = engine.pages();
  for (let round = 0; round < 50; round++) engine.evaluate({ ...goodInput, custom });
  t.is(engine.pages(), pages);
  t.true(engine.evaluate(goodInput).allow);
});

test('bytes that are no WASM module are refused', async (t) => {
  const bundle = { ...readBundle(null), wasm: new Uint8Array([0, 97, 115, 109, 9, 9]) };
  await t.throwsAsync(createPolicyEngine(bundle, { classes: {} }), {
    instanceOf: PortreeveError,
    code: 'PDP_BUNDLE_INVALID',
  });
});

test('a module that brings memory of its own, which nothing would limit, is refused', async (t) => {
  // One memory of one page.
  const own = Uint8Array.from([0x00, 0x61, 0x73, 0x6d, 0x01, 0, 0, 0, 0x05, 0x03, 0x01, 0x00, 0x01]);
  await t.throwsAsync(createPolicyEngine({ ...readBundle(null), wasm: own }, { classes: {} }), {
    instanceOf: PortreeveError,
    code: 'PDP_BUNDLE_INVALID',
    message: /memory of its own/,
  });
});

test('a WASM module that OPA did not compile is refused', async (t) => {
  const empty = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
  await t.throwsAsync(createPolicyEngine({ ...readBundle(null), wasm: empty }, { classes: {} }), {
    instanceOf: PortreeveError,
    code: 'PDP_BUNDLE_INVALID',
    message: /ABI/,
  });
});
