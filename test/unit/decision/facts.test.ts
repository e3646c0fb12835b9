import test from 'ava';
import { gatherFacts } from '../../../src/decision/facts.ts';
import type { Facts } from '../../../src/decision/types.ts';
import { buildContext } from '../../../src/context/build.ts';
import { sha256Hex } from '../../../src/lib/bytes.ts';
import { day, deviceId, hour, makeWorld, worldTime } from '../../helpers/world.ts';
import type { Asked, World } from '../../helpers/world.ts';

let world: World;
test.before(async () => {
  world = await makeWorld();
});
test.after.always(() => world.close());

function gathered(asked: Asked, now = worldTime) {
  const built = buildContext(world.connect(asked), world.config);
  if (!built.ok) throw new Error(`${built.field} ${built.problem}`);
  return gatherFacts(built.context, undefined, { now, standing: null }, world.deps);
}
const facts = (asked: Asked, now?: number): Facts => gathered(asked, now).facts;
const codes = (found: Facts) => found.findings.map((finding) => finding.code);

const meter = deviceId('meter/1');
const sensor = deviceId('sensor/1');
const gateway = deviceId('gateway/1');

test("a device that shows its own valid certificate is proved, and is the certificate's", async (t) => {
  const leaf = await world.leaf('meter/1');
  const found = facts({ shows: leaf, claims: { device_id: deviceId('meter/lost') } });
  t.like(found, { device_id: meter, assurance: 'device_proved', binding: 'issuer', gateway: null });
  t.like(found.credential, {
    fingerprint: leaf.fingerprint,
    key_digest: leaf.keyDigest,
    key_algorithm: 'ec-prime256v1',
    serial: leaf.serial,
    valid: true,
    anchor: 'fleet',
    profile: 'spiffe',
    issuer: 'meters',
    issuer_key: world.pki.meters.keyDigest,
    path: [leaf.fingerprint, world.pki.meters.fingerprint, world.pki.fleet.fingerprint],
  });
  t.like(found.credential?.identity, { id: meter, scheme: 'spiffe', hardware_serial: null });
  t.is(found.device?.owner, 'Grid West');
  t.deepEqual(found.findings, []);
});

test('an expired certificate names its device and proves nothing', async (t) => {
  const leaf = await world.leaf('meter/1', { notAfter: worldTime - hour });
  const found = facts({ shows: leaf });
  t.like(found, { device_id: meter, assurance: 'none', binding: 'none' });
  t.false(found.credential?.valid);
  t.deepEqual(codes(found), ['credential.expired']);
});

test("a foreign CA's certificate proves nothing, and whoever it names is not taken from it", async (t) => {
  const found = facts({ shows: await world.leaf('meter/1', { issuer: 'foreignMeters' }) });
  t.like(found, { device_id: null, assurance: 'none', device: null, revocation: [], limits: [] });
  t.like(found.credential, { valid: false, anchor: null, identity: null, issuer_key: null, path: [] });
  t.deepEqual(codes(found), ['chain.signature_invalid']);
});

test('the CA of a sent chain that nobody configured has no configured name', async (t) => {
  const leaf = await world.leaf('meter/1', { issuer: 'unlisted' });
  const found = facts({ shows: [leaf, world.pki.unlisted] });
  t.like(found.credential, { valid: true, issuer: null, issuer_key: world.pki.unlisted.keyDigest });
  t.is(found.binding, 'none');
  t.deepEqual(codes(found), ['revocation.crl_missing']);
});

test('without a certificate nobody is proved, whoever is claimed', (t) => {
  const found = facts({ authenticatedBy: 'none', claims: { device_id: meter } });
  t.like(found, { credential: null, device_id: meter, assurance: 'none', binding: 'none', gateway: null });
  t.is(found.device?.device_id, meter);
  t.like(facts({}), { device_id: null, device: null, assurance: 'none' });
});

test('a gateway that proves itself speaks for the claimed device, with its own certificate judged', async (t) => {
  const leaf = await world.leaf('gateway/1');
  const by = 'gateway_asserted';
  for (const named of [{}, { gateway }]) {
    const found = facts({ shows: leaf, authenticatedBy: by, claims: { device_id: sensor }, ...named });
    t.like(found, { device_id: sensor, assurance: 'gateway_asserted', binding: 'none' });
    t.deepEqual(found.gateway, {
      ...{ id: gateway, proved: true, known: true, status: 'active', enrolled: true },
      ...{ bound_until: null, delegated_by: 'record', delegated_until: null },
    });
    t.is(found.credential?.identity?.id, gateway);
    t.is(found.revocation.length, 2);
    t.deepEqual(codes(found), []);
  }
});

test("a gateway's word is never the device's proof, even where its certificate is bound to the device", async (t) => {
  await world.importDevices([
    {
      device_id: deviceId('camera/2'),
      status: 'active',
      class: 'camera',
      certificates: [world.cameraLeaf.fingerprint],
    },
  ]);
  const found = facts({
    shows: world.cameraLeaf,
    authenticatedBy: 'gateway_asserted',
    claims: { device_id: deviceId('camera/2') },
  });
  t.like(found, { assurance: 'gateway_asserted', binding: 'none' });
});

test('a gateway that shows a certificate which does not prove it is not trusted, whatever its PEP may assert', async (t) => {
  const expired = await world.leaf('gateway/1', { notAfter: worldTime - hour });
  const foreign = await world.leaf('gateway/1', { issuer: 'foreignMeters' });
  const other = await world.leaf('gateway/2');
  for (const pep of ['envoy', 'edge']) {
    for (const [shows, because] of [
      [expired, 'its certificate is not valid'],
      [foreign, 'its certificate is not valid'],
      [other, 'the certificate is of another gateway'],
    ] as const) {
      const found = facts({ pep, shows, gateway, claims: { device_id: sensor } });
      t.is(found.assurance, 'none');
      t.like(found.gateway, { id: gateway, proved: false });
      const finding = found.findings.find(({ code }) => code === 'assurance.gateway_untrusted');
      t.deepEqual(finding?.detail, { gateway, because });
    }
  }
});

test("without a gateway's certificate its PEP's word counts only where the PEP may assert devices", (t) => {
  const claims = { device_id: sensor };
  const trusted = facts({ pep: 'edge', claims });
  t.is(trusted.assurance, 'gateway_asserted');
  t.like(trusted.gateway, { id: 'edge', proved: false, known: true, enrolled: true });
  t.deepEqual(codes(trusted), []);
  const untrusted = facts({ pep: 'envoy', claims });
  t.is(untrusted.assurance, 'none');
  t.like(untrusted.gateway, { id: 'envoy', proved: false, known: false, status: null, enrolled: false });
  t.deepEqual(codes(untrusted), ['assurance.gateway_untrusted']);
});

test('a gateway that a proved device passes through is a fact and lends nothing', async (t) => {
  const found = facts({ shows: await world.leaf('meter/1'), authenticatedBy: 'device_tls', gateway });
  t.is(found.assurance, 'device_proved');
  t.deepEqual(found.gateway, {
    ...{ id: gateway, proved: false, known: true, status: 'active', enrolled: false },
    ...{ bound_until: null, delegated_by: null, delegated_until: null },
  });
});

test('the inventory is asked within the tenant of the PEP', async (t) => {
  const pep = world.pep('envoy', { tenant: 'another' });
  t.is(facts({ pep, shows: await world.leaf('meter/1') }).device, null);
});

test('an allow is limited by every certificate of the path and every CRL that is relied upon', async (t) => {
  const leaf = await world.leaf('meter/1', { notAfter: worldTime + 2 * day });
  t.deepEqual(
    facts({ shows: leaf }).limits.map((limit) => limit.until),
    [
      worldTime + 2 * day,
      worldTime + 9 * 365 * day,
      worldTime + 9 * 365 * day,
      worldTime + 23 * hour,
      worldTime + 23 * hour,
    ],
  );
  const within = facts({ shows: leaf }, worldTime + 24 * hour);
  t.deepEqual(codes(within), ['revocation.stale_within_grace', 'revocation.stale_within_grace']);
  t.deepEqual(
    within.limits.slice(3).map((limit) => limit.until),
    [worldTime + 35 * hour, worldTime + 35 * hour],
  );
  t.deepEqual(
    within.limits.map((limit) => limit.because),
    [
      ...[0, 1, 2].map((place) => `certificate ${place}: notAfter`),
      ...[0, 1].map((place) => `CRL for certificate ${place}: usable until`),
    ],
  );
});

test('a CRL that is missing where none is required limits nothing and only warns', async (t) => {
  const leaf = await world.leaf('VND-1', { issuer: 'vendor', subject: 'serialNumber=VND-1', san: {} });
  const found = facts({ shows: leaf });
  t.like(found, { device_id: 'VND-1', assurance: 'device_proved' });
  t.deepEqual(codes(found), ['revocation.status_unknown']);
  t.is(found.limits.length, 2);
  t.is(found.credential?.identity?.hardware_serial, 'VND-1');
});

test('epochs and the consulted CRLs are those of the snapshot', async (t) => {
  const { state } = gathered({ shows: await world.leaf('meter/1') });
  t.deepEqual(state.epochs, world.deps.store.epochs());
  t.deepEqual(
    state.crls.map((crl) => crl.issuer_key),
    [world.pki.meters.keyDigest, world.pki.fleet.keyDigest],
  );
  for (const crl of state.crls) t.regex(crl.digest, /^[0-9a-f]{64}$/);
  t.deepEqual(gathered({}).state.crls, []);
});

test('custom facts come from the context and from the mapped columns of the record, each with its origin', async (t) => {
  const labels = new Map([['line', '7']]);
  t.deepEqual(facts({ shows: await world.leaf('meter/1'), also: { labels } }).custom, {
    line: { value: '7', origin: 'claimed' },
    region: { value: 'west', origin: 'inventory' },
  });
  t.deepEqual(
    facts({ shows: world.cameraLeaf }).custom,
    {},
    'a column that the record does not have is no fact',
  );
});

test('a text that is no attestation token is known by its digest alone', async (t) => {
  const attestation = 'abc.def.ghi';
  const made = await world.decide(world.connect({ authenticatedBy: 'none', claims: { attestation } }));
  t.like(made.facts?.attestation, { status: 'failed', digest: sha256Hex(attestation), verifier: null });
  t.is(facts({}).attestation.status, 'none');
});

test("whose word a device is: its own, its CA's, a gateway's, or nobody's but its own say", async (t) => {
  const claims = { device_id: meter };
  const by = 'gateway_asserted';
  t.is(facts({ shows: await world.leaf('meter/1') }).subject, 'proved');
  const expired = await world.leaf('meter/1', { notAfter: worldTime - hour });
  t.is(facts({ shows: expired }).subject, 'named_by_certificate');
  const child = { authenticatedBy: by, claims: { device_id: sensor } } as const;
  t.is(facts({ shows: await world.leaf('gateway/1'), ...child }).subject, 'vouched');
  t.is(facts({ shows: await world.leaf('gateway/disabled'), ...child }).subject, 'claimed');
  t.is(facts({ shows: expired, ...child }).subject, 'claimed');
  t.is(facts({ authenticatedBy: by, claims }).subject, 'claimed');
  t.is(facts({ pep: 'edge', authenticatedBy: by, claims }).subject, 'vouched');
  t.is(facts({ authenticatedBy: 'none', claims }).subject, 'claimed');
  t.is(facts({ shows: await world.leaf('meter/1', { issuer: 'foreignMeters' }), claims }).subject, 'claimed');
  t.is(facts({}).subject, null);
});
