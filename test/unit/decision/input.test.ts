import test from 'ava';
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { policyInput } from '../../../src/decision/input.ts';
import type { Facts } from '../../../src/decision/types.ts';
import type { RevocationFact } from '../../../src/revocation/types.ts';
import { factsTime, someCredential, someDevice, someFacts, somePep } from '../../helpers/facts.ts';

const settings = { credentialOptional: false, classes: {} };
const inputOf = (changes: Partial<Facts> = {}) => policyInput(someFacts(changes), settings);

type Claims = Partial<Facts['connection']['claims']>;
type By = Facts['connection']['authenticated_by'];

function claiming(claims: Claims, changes: Partial<Facts> = {}, by: By = 'device_tls') {
  const { connection } = someFacts();
  return inputOf({
    connection: { ...connection, authenticated_by: by, claims: { ...connection.claims, ...claims } },
    ...changes,
  });
}

const schema = JSON.parse(
  readFileSync(new URL('../../../rego/schema/input.json', import.meta.url), 'utf8'),
) as object;
const validate = new Ajv({ allErrors: true, strictSchema: false }).compile(schema);

const nothing: Partial<Facts> = { credential: null, device: null, device_id: null, binding: 'none' };

test('the input is what its schema says, with everything there and with nothing there', (t) => {
  const gateway = {
    id: 'gw',
    proved: true,
    known: true,
    status: 'active',
    enrolled: true,
    bound_until: null,
    delegated_by: null,
    delegated_until: null,
  };
  for (const changes of [
    {},
    nothing,
    { gateway, custom: { line: { value: '7', origin: 'claimed' as const } } },
  ]) {
    t.true(validate(inputOf(changes)), JSON.stringify(validate.errors));
  }
});

test('no key is ever missing: the input with nothing to say has the keys of the full one', (t) => {
  // In one order, too: verdicts are remembered by the places of what the rules read.
  t.deepEqual(Object.keys(inputOf(nothing)), Object.keys(inputOf()));
});

test('weekday and minute are those of UTC', (t) => {
  t.like(inputOf(), { now_s: factsTime / 1000, weekday: 1, minute_of_day: 720 });
  t.like(inputOf({ now: 0 }), { weekday: 4, minute_of_day: 0 });
  t.like(inputOf({ now: Date.UTC(2026, 5, 7, 23, 59, 59, 999) }), { weekday: 0, minute_of_day: 1439 });
});

test('ages, lifetime and what remains are whole seconds', (t) => {
  t.like(inputOf({ now: factsTime + 999 }), {
    lifetime_s: 10_000,
    certificate_age_s: 1000,
    remaining_s: 8999,
  });
  t.like(inputOf({ credential: null }), { lifetime_s: null, certificate_age_s: null, remaining_s: null });
});

test('a path is as revoked and its CRLs as old as the worst of its certificates', (t) => {
  const fact = (changes: Partial<RevocationFact>): RevocationFact => ({
    certificate: 0,
    issuer_key: '',
    issuer_dn: '',
    ca: false,
    delta_number: null,
    distribution_points: [],
    serial: '01',
    status: 'good',
    freshness: 'fresh',
    crl_number: null,
    source: null,
    this_update: null,
    next_update: null,
    age_s: null,
    revoked_at: null,
    reason: null,
    usable_until: null,
    ...changes,
  });
  const worst = (...facts: Partial<RevocationFact>[]) => inputOf({ revocation: facts.map(fact) });
  t.like(worst({ age_s: 5 }, { freshness: 'within_grace', age_s: 9 }), {
    revocation_status: 'good',
    revocation_freshness: 'within_grace',
    crl_age_s: 9,
  });
  t.like(worst({ status: 'unknown', freshness: 'missing' }, { status: 'on_hold' }), {
    revocation_status: 'on_hold',
    revocation_freshness: 'missing',
    crl_age_s: null,
  });
  t.is(worst({ status: 'on_hold' }, { status: 'revoked' }).revocation_status, 'revoked');
  t.like(worst(), { revocation_status: null, revocation_freshness: null, crl_age_s: null });
});

test('only what speaks against the certificate is among its findings, each code once', (t) => {
  const findings = [
    { code: 'revocation.crl_stale', detail: { certificate: 0 } },
    { code: 'revocation.crl_stale', detail: { certificate: 1 } },
    { code: 'revocation.stale_within_grace' },
    { code: 'assurance.gateway_untrusted' },
    { code: 'credential.expired' },
  ] as const;
  t.deepEqual(inputOf({ findings }).credential_findings, ['revocation.crl_stale', 'credential.expired']);
});

test('a claimed serial may be spelt as any hex of the same unsigned number', (t) => {
  for (const serial of ['0a1b', 'A1B', '0x0A1B', '00:0a:1b']) {
    t.true(claiming({ serial }).claimed_serial_matches, serial);
  }
  for (const serial of ['0a1c', '-0a1b', 'a1b ffff', 'SN-1', '']) {
    t.false(claiming({ serial }).claimed_serial_matches, serial);
  }
  t.is(claiming({}).claimed_serial_matches, null);
});

test('a claimed serial may also be the one that the certificate states or the inventory holds', (t) => {
  const identity = { id: 'meter-1', scheme: 'ieee_802_1ar', hardware_serial: 'HW-7' };
  const changes = { credential: someCredential({ identity }), device: someDevice({ serial: 'SN-9' }) };
  t.true(claiming({ serial: 'HW-7' }, changes).claimed_serial_matches);
  t.true(claiming({ serial: 'SN-9' }, changes).claimed_serial_matches);
  t.false(claiming({ serial: 'SN-8' }, changes).claimed_serial_matches);
});

test("under a gateway's word only the inventory's serial counts, never that of the gateway's certificate", (t) => {
  const known = { device: someDevice({ serial: 'SN-9' }) };
  t.false(claiming({ serial: '0a1b' }, known, 'gateway_asserted').claimed_serial_matches);
  t.true(claiming({ serial: 'SN-9' }, known, 'gateway_asserted').claimed_serial_matches);
  t.is(
    claiming({ serial: 'SN-9' }, {}, 'gateway_asserted').claimed_serial_matches,
    null,
    'nothing to compare with',
  );
});

test('a claimed device id is compared with the proved one, and with nothing where only the claim says who it is', (t) => {
  t.true(claiming({ device_id: 'meter-1' }).claimed_id_matches);
  t.false(claiming({ device_id: 'meter-2' }).claimed_id_matches);
  t.is(claiming({}).claimed_id_matches, null);
  t.is(claiming({ device_id: 'meter-1' }, { credential: null }, 'none').claimed_id_matches, null);
  t.is(claiming({ device_id: 'child' }, {}, 'gateway_asserted').claimed_id_matches, null);
});

test('a firmware hash that the device says is claimed, never attested', (t) => {
  t.like(claiming({ firmware_hash: 'ab' }), { firmware_hash: 'ab', firmware_source: 'claimed' });
  t.like(claiming({}), { firmware_hash: null, firmware_source: null });
});

test("the PEP's rights and place are facts", (t) => {
  const pep = { ...somePep, zone: 'hall-2', may_assert_devices: true, networks: ['10.0.0.0/8'] };
  t.like(inputOf({ pep }), {
    pep: 'envoy',
    pep_site: 'lyon',
    pep_zone: 'hall-2',
    pep_authenticated_by: 'tls',
    pep_may_assert_devices: true,
    pep_networks: ['10.0.0.0/8'],
  });
});
