import test from 'ava';
import type { ReasonCode } from '../../../src/lib/reason-code.ts';
import type { Assurance } from '../../../src/policy/types.ts';
import { day, deviceId, firmware, hour, makeWorld, worldTime } from '../../helpers/world.ts';
import type { Asked, World } from '../../helpers/world.ts';

let world: World;
test.before(async () => {
  world = await makeWorld();
});
test.after.always(() => world.close());

const sensor = { device_id: deviceId('sensor/1') };

interface Row {
  readonly rule: string;
  readonly asked: () => Promise<Asked> | Asked;
  /** All reason codes, first one primary; `policy.ok` is an allow. */
  readonly reasons: readonly ReasonCode[];
  readonly assurance?: Assurance;
}

const meter = (options?: Parameters<World['leaf']>[1], name = 'meter/1') => world.leaf(name, options);

const rows: readonly Row[] = [
  {
    rule: 'an active meter is allowed by its own proof',
    asked: async () => ({ shows: await meter() }),
    reasons: ['policy.ok'],
    assurance: 'device_proved',
  },
  {
    rule: 'a camera bound by its certificate is allowed',
    asked: () => ({ shows: world.cameraLeaf }),
    reasons: ['policy.ok'],
    assurance: 'device_proved',
  },
  {
    rule: 'another certificate of the same camera is not bound to it',
    asked: async () => ({ shows: await world.leaf('camera/1') }),
    reasons: ['inventory.cert_not_bound'],
  },
  {
    rule: 'a proved gateway may speak for its child',
    asked: async () => ({
      shows: await world.leaf('gateway/1'),
      authenticatedBy: 'gateway_asserted',
      claims: sensor,
    }),
    reasons: ['policy.ok'],
    assurance: 'gateway_asserted',
  },
  {
    rule: "a gateway may not speak for another's child",
    asked: async () => ({
      shows: await world.leaf('gateway/1'),
      authenticatedBy: 'gateway_asserted',
      claims: { device_id: deviceId('meter/1') },
    }),
    reasons: ['assurance.device_not_proven', 'assurance.child_not_enrolled'],
    assurance: 'gateway_asserted',
  },
  {
    rule: 'a disabled gateway may not vouch',
    asked: async () => ({
      shows: await world.leaf('gateway/disabled'),
      authenticatedBy: 'gateway_asserted',
      claims: sensor,
    }),
    reasons: ['assurance.gateway_untrusted'],
  },
  {
    rule: 'an expired certificate is denied',
    asked: async () => ({ shows: await meter({ notAfter: worldTime - hour }) }),
    reasons: ['credential.expired'],
    assurance: 'none',
  },
  {
    rule: 'a certificate that is not valid yet is denied',
    asked: async () => ({ shows: await meter({ notBefore: worldTime + hour }) }),
    reasons: ['credential.not_yet_valid'],
  },
  {
    rule: 'a certificate of a revoked CA is denied',
    asked: async () => ({ shows: await meter({ issuer: 'retired' }) }),
    reasons: ['revocation.issuer_revoked'],
  },
  {
    rule: 'a foreign CA with the same subject is no CA of ours',
    asked: async () => ({ shows: await meter({ issuer: 'foreignMeters' }) }),
    reasons: ['chain.signature_invalid'],
  },
  {
    rule: 'a CA whose CRL nobody imported is denied for a cause of ours',
    asked: async () => ({ shows: [await meter({ issuer: 'unlisted' }), world.pki.unlisted] }),
    reasons: ['revocation.crl_missing', 'inventory.cert_not_bound'],
  },
  {
    rule: "a server's certificate identifies no device",
    asked: async () => ({ shows: await meter({ eku: ['serverAuth'] }) }),
    reasons: ['credential.eku_missing_client_auth'],
  },
  {
    rule: 'a device that the inventory does not know is denied',
    asked: async () => ({ shows: await meter({}, 'meter/unheard-of') }),
    reasons: ['inventory.unknown_device'],
  },
  {
    rule: 'a disabled device is denied',
    asked: async () => ({ shows: await meter({}, 'meter/disabled') }),
    reasons: ['inventory.not_active'],
  },
  {
    rule: 'a serial that is not the one of the certificate is denied',
    asked: async () => ({ shows: await meter(), claims: { serial: 'deadbeef' } }),
    reasons: ['identity.serial_mismatch'],
  },
  {
    rule: 'blocked firmware is denied',
    asked: async () => ({ shows: await meter(), claims: { firmware_hash: firmware.bad } }),
    reasons: ['firmware.blocked'],
  },
  {
    rule: 'firmware that nobody allowed is denied',
    asked: async () => ({ shows: await meter(), claims: { firmware_hash: firmware.unheardOf } }),
    reasons: ['firmware.unknown_hash'],
  },
  {
    rule: 'a source outside the networks of the class is denied',
    asked: async () => ({ shows: await meter(), also: { sourceIp: '192.0.2.1' } }),
    reasons: ['network.source_not_allowed'],
  },
  {
    rule: 'a certificate that lives longer than the class permits is denied',
    asked: async () => ({ shows: await meter({ notAfter: worldTime + 800 * day }) }),
    reasons: ['credential.lifetime_exceeds_policy'],
  },
  {
    rule: 'no certificate at all is denied',
    asked: () => ({}),
    reasons: ['identity.no_credential'],
    assurance: 'none',
  },
];

for (const { rule, asked, reasons, assurance } of rows) {
  test(rule, async (t) => {
    const made = await world.decide(world.connect(await asked()));
    t.deepEqual(
      made.decision.reasons.map((reason) => reason.code),
      [...reasons],
    );
    t.is(made.decision.outcome, reasons[0] === 'policy.ok' ? 'allow' : 'deny');
    t.is(made.decision.valid_until === null, made.decision.outcome === 'deny');
    if (assurance !== undefined) t.is(made.decision.assurance, assurance);
    t.deepEqual(made.decision.faults, []);
  });
}

async function ownWorld(t: { teardown(run: () => void): void }): Promise<World> {
  const own = await makeWorld();
  t.teardown(own.close);
  return own;
}

test('a revoked certificate is denied as soon as its CRL is imported, and a revoked gateway vouches no more', async (t) => {
  const own = await ownWorld(t);
  const [leaf, gateway] = [await own.leaf('meter/1'), await own.leaf('gateway/1')];
  const vouched = { shows: gateway, authenticatedBy: 'gateway_asserted', claims: sensor } as const;
  const codes = async (asked: Asked) =>
    (await own.decide(own.connect(asked))).decision.reasons.map((reason) => reason.code);
  t.deepEqual(await codes({ shows: leaf }), ['policy.ok']);
  t.deepEqual(await codes(vouched), ['policy.ok']);
  const revoked = (serial: string) => ({
    revoked: [{ serial, at: worldTime - 60_000, reason: 'keyCompromise' }],
  });
  await own.importCrl('meters', revoked(leaf.serial));
  await own.importCrl('gateways', revoked(gateway.serial));
  t.deepEqual(await codes({ shows: leaf }), ['revocation.revoked']);
  t.deepEqual(await codes(vouched), ['revocation.revoked', 'assurance.gateway_untrusted']);
});

test('a stale CRL serves within its grace and says so, ends the allow with it, and denies after', async (t) => {
  const own = await ownWorld(t);
  const shows = await own.leaf('meter/1');
  own.clock.set(worldTime + 34.5 * hour);
  const within = (await own.decide(own.connect({ shows }))).decision;
  t.is(within.outcome, 'allow');
  t.deepEqual(
    [...new Set(within.reasons.map((reason) => reason.code))],
    ['revocation.stale_within_grace', 'policy.ok'],
  );
  t.is(within.valid_until, '2026-06-02T23:00:00.000Z');
  own.clock.set(worldTime + 35 * hour);
  const past = (await own.decide(own.connect({ shows }))).decision;
  t.is(past.outcome, 'deny');
  t.deepEqual([...new Set(past.reasons.map((reason) => reason.code))], ['revocation.crl_stale']);
});

test('a status that another process sets counts for the next decision, with its epoch', async (t) => {
  const own = await ownWorld(t);
  const raw = own.connect({ shows: await own.leaf('meter/1') });
  const before = (await own.decide(raw)).decision;
  own.setStatus(deviceId('meter/1'), 'quarantined');
  const after = (await own.decide(raw)).decision;
  t.is(after.reasons[0]?.code, 'inventory.quarantined');
  const { local } = before.versions.epochs as { local: number };
  t.is(after.versions.epochs['local'], local + 1);
});

test('where credentials are optional, no certificate is not what denies', async (t) => {
  const own = await makeWorld({
    configure: (document) => Object.assign(document['trust'] as object, { credential_optional: true }),
  });
  t.teardown(own.close);
  const named = await own.decide(own.connect({ pep: 'edge', claims: sensor }));
  t.like(named.decision, { outcome: 'allow', assurance: 'gateway_asserted' });
  const nobody = await own.decide(own.connect({}));
  t.is(nobody.decision.outcome, 'deny');
  t.not(nobody.decision.reasons[0]?.code, 'identity.no_credential');
});
