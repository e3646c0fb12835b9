import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { createRoot, issueCrl, issueLeaf } from '../../../../src/ca/index.ts';
import { runCasesInThreads } from '../../../../src/workshop/cases/threads.ts';
import { systemClock } from '../../../../src/lib/clock.ts';
import { composeDecision } from '../../../../src/server/compose.ts';
import {
  authorFolder,
  casesIn,
  defaultBundle,
  gatheredOutcomes,
  outcomesOf,
  withMeters,
} from '../../../helpers/author-cases.ts';

const id = 'spiffe://fleet.example/meter/1';

/** Words of a case over the good one, and all reasons of its decision. */
const words: Readonly<
  Record<string, readonly [words: string, outcome: 'allow' | 'deny', ...reasons: string[]]>
> = {
  'a known meter with a good certificate': ['', 'allow', 'policy.ok'],
  'a certificate that is revoked': ['certificate: { revoked: {} }', 'deny', 'revocation.revoked'],
  'a certificate that its CRL holds': [
    'certificate: { revoked: { reason: certificateHold } }',
    'deny',
    'revocation.on_hold',
  ],
  'a certificate that an operator holds': ['certificate: { hold: true }', 'deny', 'hold.certificate'],
  'a certificate whose key an operator holds': ['certificate: { hold: { on: key } }', 'deny', 'hold.key'],
  'a certificate whose issuer an operator holds': [
    'certificate: { hold: { on: issuer } }',
    'deny',
    'hold.issuer',
  ],
  'a hold on the device': ['holds: [{ device: self }]', 'deny', 'hold.device'],
  'a hold on a CA by its name': ['holds: [{ issuer: meters }]', 'deny', 'hold.issuer'],
  'a hold that is lifted': ['holds: [{ device: self, lifted: true }]', 'allow', 'policy.ok'],
  'a certificate that has expired': [
    'certificate: { not_before: -90d, not_after: -1s }',
    'deny',
    'credential.expired',
  ],
  'a certificate that is not valid yet': [
    'certificate: { not_before: +1h }',
    'deny',
    'credential.not_yet_valid',
  ],
  'a certificate for servers': [
    'certificate: { eku: [serverAuth] }',
    'deny',
    'credential.eku_missing_client_auth',
  ],
  'a CRL that is over': ['crl: stale', 'deny', 'revocation.crl_stale'],
  'no CRL': ['crl: missing', 'deny', 'revocation.crl_missing'],
  'a CRL of the CA above that is over': ['crls: { fleet: stale }', 'deny', 'revocation.crl_stale'],
  'no record': ['device: null', 'deny', 'inventory.unknown_device'],
  'a record that is not active': ['device: { status: quarantined }', 'deny', 'inventory.quarantined'],
  'an address outside': ['network: { source_ip: 192.0.2.1 }', 'deny', 'network.source_not_allowed'],
  'a claim that does not hold': ['claims: { serial: "17" }', 'deny', 'identity.serial_mismatch'],
  'a record that pins another certificate': [
    `device: { class: pinned, certificates: ['${'ab'.repeat(32)}'] }`,
    'deny',
    'inventory.cert_not_bound',
  ],
  'a record that pins the certificate itself': [
    'device: { class: pinned, certificates: [self] }',
    'allow',
    'policy.ok',
  ],
  'no attestation where one is required': ['device: { class: vault }', 'deny', 'attestation.missing'],
  'an attestation about its key': ['device: { class: vault }, attestation: {}', 'allow', 'policy.ok'],
  'an attestation about another key': [
    'device: { class: vault }, attestation: { about: other_key }',
    'deny',
    'attestation.key_not_bound',
  ],
  'an attestation that was forged': [
    'device: { class: vault }, attestation: { fault: claims }',
    'deny',
    'attestation.signature_invalid',
  ],
  'a request by the HTTP door': [
    'network: { http: { path: /readings }, headers: { x-device-serial: "17" } }',
    'deny',
    'identity.serial_mismatch',
  ],
  bad_signature: ['certificate: { fault: bad_signature }', 'deny', 'chain.signature_invalid'],
  truncated: ['certificate: { fault: truncated }', 'deny', 'identity.unparsable_certificate'],
  trailing_byte: ['certificate: { fault: trailing_byte }', 'deny', 'identity.unparsable_certificate'],
  not_a_certificate: ['certificate: { fault: not_a_certificate }', 'deny', 'identity.unparsable_certificate'],
  self_signed: ['certificate: { fault: self_signed }', 'deny', 'chain.untrusted_anchor'],
  unknown_issuer: ['certificate: { fault: unknown_issuer }', 'deny', 'chain.incomplete'],
  foreign_issuer: ['certificate: { fault: foreign_issuer }', 'deny', 'chain.signature_invalid'],
  missing_intermediate: ['certificate: { fault: missing_intermediate }', 'deny', 'chain.incomplete'],
  issuer_expired: ['certificate: { fault: issuer_expired }', 'deny', 'chain.issuer_expired'],
  issuer_not_ca: [
    'certificate: { fault: issuer_not_ca }',
    'deny',
    'chain.not_a_ca',
    'chain.key_cert_sign_missing',
  ],
  issuer_key_usage: ['certificate: { fault: issuer_key_usage }', 'deny', 'chain.key_cert_sign_missing'],
  path_too_long: ['certificate: { fault: path_too_long }', 'deny', 'chain.pathlen_exceeded'],
  name_constraints: ['certificate: { fault: name_constraints }', 'deny', 'chain.name_constraint_violation'],
  weak_hash: ['certificate: { fault: weak_hash }', 'deny', 'credential.weak_signature'],
  weak_key: ['certificate: { fault: weak_key }', 'deny', 'credential.weak_key'],
};

const all = casesIn(
  withMeters(
    ...Object.entries(words).map(
      ([title, [said, outcome, ...reasons]]) =>
        `{ title: ${title}, base: good, ${said === '' ? '' : `${said}, `}expect: { outcome: ${outcome}, reasons: [${reasons.join(', ')}] } }`,
    ),
  ),
);

test('words of a case are made real and decided by the whole flow', async (t) => {
  const outcomes = await outcomesOf(all);
  t.deepEqual(
    outcomes.filter(({ status }) => status !== 'passed').map(({ title, problems }) => [title, problems]),
    [],
  );
  t.deepEqual(
    outcomes.map(({ id: one }) => one),
    all.map(({ id: one }) => one),
    'in the order of the cases',
  );
});

test('no case sees what another one left: alone and in the other order it comes to the same', async (t) => {
  const some = all.filter((_, index) => index % 3 === 0).toReversed();
  const outcomes = await outcomesOf(some);
  t.deepEqual(
    outcomes.filter(({ status }) => status !== 'passed').map(({ title, problems }) => [title, problems]),
    [],
  );
});

test('an attestation result that another case has seen is not an older one to the next', async (t) => {
  const shown = (issued: string) =>
    `{ title: issued ${issued}, base: good, device: { class: vault }, attestation: { issued: ${issued} }, expect: { outcome: allow, assurance: attested } }`;
  const outcomes = await outcomesOf(casesIn(withMeters(shown('-1m'), shown('-10m'))));
  t.deepEqual(
    outcomes.map(({ problems }) => problems),
    [[], []],
  );
});

test('what came otherwise is told, each difference with both sides', async (t) => {
  const [outcome] = await outcomesOf(
    casesIn(
      withMeters(
        `{ title: one, base: good, certificate: { revoked: { reason: keyCompromise } },
           expect: { outcome: allow, enforced: false, reasons: [{ code: revocation.revoked, severity: warn, detail: { reason: superseded } }],
             device_id: someone, assurance: attested, obligations: { entitlements: [x], headers: { a: b }, session_limit_s: 1 }, valid_until: +1h } }`,
      ),
    ),
  );
  t.is(outcome?.status, 'failed');
  t.deepEqual(
    outcome?.differences.map(({ what }) => what),
    [
      ...['outcome', 'enforced', 'reasons', 'device_id', 'assurance', 'obligations.entitlements'],
      ...['obligations.headers', 'obligations.session_limit_s', 'valid_until'],
    ],
  );
  t.deepEqual(outcome?.differences[2], {
    what: 'reasons',
    expected: [{ code: 'revocation.revoked', severity: 'warn', detail: { reason: 'superseded' } }],
    got: [{ code: 'revocation.revoked', severity: 'deny', detail: { reason: 'keyCompromise' } }],
  });
  t.is(outcome?.problems[0], 'outcome: expected "allow", got "deny"');
  t.is(outcome?.got?.input?.device_id, id, 'what Rego saw is told');
});

test('reasons may be some that are there, and some that are not', async (t) => {
  const outcomes = await outcomesOf(
    casesIn(
      withMeters(
        '{ title: there, base: good, device: { status: lost }, network: { source_ip: 192.0.2.1 }, expect: { outcome: deny, reasons: { contains: [network.source_not_allowed], lacks: [policy.ok] } } }',
        '{ title: missing, base: good, expect: { outcome: allow, reasons: { contains: [revocation.revoked] } } }',
        '{ title: unwanted, base: good, expect: { outcome: allow, reasons: { lacks: [policy.ok] } } }',
      ),
    ),
  );
  t.deepEqual(
    outcomes.map(({ status, differences }) => [status, differences.map(({ what }) => what)]),
    [
      ['passed', []],
      ['failed', ['reasons.contains']],
      ['failed', ['reasons.lacks']],
    ],
  );
});

test('an allow is held to its end and its obligations', async (t) => {
  const [outcome] = await outcomesOf(
    casesIn(
      withMeters(
        `{ title: one, base: good, expect: { outcome: allow, device_id: '${id}', assurance: device_proved, valid_until: 2026-06-01T13:00:00Z, obligations: { entitlements: ['telemetry:write'], headers: {}, session_limit_s: 43200 } } }`,
      ),
    ),
  );
  t.deepEqual(outcome?.problems, []);
});

test('a gateway speaks for its device with a certificate of its own', async (t) => {
  const sensor = `device: { device_id: 'spiffe://fleet.example/sensor/1', class: sensor }, claims: { device_id: 'spiffe://fleet.example/sensor/1' }`;
  const gateway = (more: string) =>
    `gateway: { id: 'spiffe://fleet.example/gateway/1', certificate: { id: 'spiffe://fleet.example/gateway/1', issuer: meters }, device: { class: gateway }${more} }`;
  const outcomes = await outcomesOf(
    casesIn(
      withMeters(
        `{ title: a gateway that nobody delegated, ${sensor}, ${gateway('')}, expect: { outcome: deny, reasons: { contains: [assurance.child_not_enrolled] } } }`,
        `{ title: delegated, ${sensor}, ${gateway(', delegations: [{ class: sensor }]')}, expect: { outcome: allow, assurance: gateway_asserted } }`,
        `{ title: delegated until yesterday, ${sensor}, ${gateway(', delegations: [{ class: sensor, until: -1d }]')}, expect: { outcome: deny } }`,
        `{ title: an enforcement point that may, pep: edge, configuration: { trust: { credential_optional: true } }, ${sensor.replace('class: sensor', 'class: sensor, gateways: [g1]')}, gateway: { id: g1, device: { class: gateway } }, expect: { outcome: allow } }`,
      ),
    ),
  );
  t.deepEqual(
    outcomes.map(({ title, problems }) => [title, problems]),
    outcomes.map(({ title }) => [title, []]),
  );
});

test('every profile names the device by the id of its words', async (t) => {
  const ids = {
    spiffe: 'spiffe://fleet.example/meter/1',
    san_uri: 'urn:example:meter-1',
    san_dns: 'meter-1.example',
    ieee_802_1ar: 'SN-0001',
    mac_address: '00:24:be:ff:fe:80',
    cn: 'meter, 1',
    azure_dps: 'meter-1',
    opc_ua: 'urn:example:press-7',
    lwm2m: 'urn:dev:os:1-1',
  };
  const cases = Object.entries(ids).map(
    ([profile, one]) =>
      `  - { title: ${profile}, certificate: { profile: ${profile}, id: '${one}' }, device: { class: meter }, expect: { outcome: deny, device_id: '${one}', assurance: device_proved, reasons: [inventory.class_unknown] } }\n`,
  );
  const outcomes = await outcomesOf(casesIn(`at: 2026-06-01T12:00:00Z\ncases:\n${cases.join('')}`));
  t.deepEqual(
    outcomes.map(({ title, problems }) => [title, problems]),
    Object.keys(ids).map((profile) => [profile, []]),
  );
});

test('a case that cannot be made real is an error of its own, and stops no other', async (t) => {
  const outcomes = await outcomesOf(
    casesIn(
      withMeters(
        '{ title: no such CA, certificate: { issuer: metres }, expect: { outcome: deny } }',
        '{ title: no such class of fields, base: good, device: { sight: lyon }, expect: { outcome: deny } }',
        '{ title: no such caller, base: good, pep: nobody, expect: { outcome: deny } }',
        '{ title: a broken configuration, base: good, configuration: { classes: { meter: { ttl: soon } } }, expect: { outcome: deny } }',
        '{ title: words beside a file, certificate: { file: x.pem, eku: [] }, expect: { outcome: deny } }',
        '{ title: words beside a request, request: { file: x.json }, claims: { serial: "1" }, expect: { outcome: deny } }',
        '{ title: of servers alone, base: good, configuration: { inventory: { source: cmdb }, revocation: { crls: [x] } }, expect: { outcome: allow } }',
        `{ title: two records of one device, base: good, devices: [{ device_id: '${id}', class: meter, status: disabled }], expect: { outcome: allow } }`,
        '{ title: unauthenticated by HTTP, base: good, network: { http: {} }, authenticated_by: none, expect: { outcome: allow } }',
        '{ title: a chain by HTTP, base: good, network: { headers: {} }, certificate: { sends: [meters] }, expect: { outcome: allow } }',
        '{ title: two certificates, base: good, gateway: { id: g1, certificate: { id: g1, issuer: meters } }, expect: { outcome: deny } }',
        '{ title: a sound one, base: good, network: { http: {} }, authenticated_by: device_tls, expect: { outcome: allow } }',
      ),
    ),
  );
  t.deepEqual(
    outcomes.map(({ status }) => status),
    [...Array<string>(11).fill('error'), 'passed'],
  );
  const problems = outcomes.map(({ problems: [first = ''] }) => first);
  for (const [index, wanted] of [
    /no authority "metres"/,
    /"sight" is not a field of a device/,
    /no enforcement point "nobody"; there are envoy, edge/,
    /configuration: classes\.meter\.ttl: must be a length of time/,
    /beside real material eku would be without effect/,
    /claims would be without effect/,
    /^configuration: inventory, revocation\.crls would be without effect: /,
    /^devices: .*meter\/1 has more than one record/,
    /^authenticated_by: none would be without effect/,
    /^certificate: sends would be without effect/,
    /^certificate: beside the gateway's own it would be without effect/,
  ].entries())
    t.regex(problems[index] as string, wanted);
});

test('a denial by a fault is none that was meant, unless it is named', async (t) => {
  const bundle = Buffer.from(defaultBundle);
  const text = withMeters(
    '{ title: meant otherwise, base: good, network: { source_ip: nonsense }, expect: { outcome: deny } }',
    '{ title: meant, base: good, network: { source_ip: nonsense }, expect: { outcome: deny, reasons: [system.input_invalid] } }',
  );
  const [first, second] = await outcomesOf(casesIn(text), { bundle });
  t.is(first?.status, 'failed');
  t.regex(first?.problems[0] ?? '', /^faults: .*system\.input_invalid in context/);
  t.is(second?.status, 'passed');
});

test('a skipped case says why, and nothing is decided', async (t) => {
  const [outcome] = await outcomesOf(
    casesIn(withMeters('{ title: one, base: good, skip: the class is not there yet }')),
  );
  t.like(outcome, { status: 'skipped', skipReason: 'the class is not there yet', got: undefined });
});

const mixed = casesIn(
  withMeters(
    '{ title: one, base: good, expect: { outcome: allow } }',
    '{ title: two, base: good, expect: { outcome: deny } }',
    '{ title: three, base: good, expect: { outcome: allow } }',
    '{ title: four, base: good, device: { status: lost }, expect: { outcome: deny } }',
  ),
);

test('with fail-fast nothing is decided behind the first failure', async (t) => {
  const outcomes = await outcomesOf(mixed, { failFast: true });
  t.deepEqual(
    outcomes.map(({ title, status }) => `${title} ${status}`),
    ['one passed', 'two failed'],
  );
});

const thread = new URL('../../../../src/cli/policy/case-thread.ts', import.meta.url);

test('several threads come to the same in the same order', async (t) => {
  const options = { bundle: defaultBundle, compose: composeDecision, clock: systemClock, thread };
  const told = async (jobs: number, failFast?: true) => {
    const run = runCasesInThreads(mixed, { ...options, jobs, ...(failFast && { failFast }) });
    return (await gatheredOutcomes(run)).map(({ title, status, problems }) => [title, status, ...problems]);
  };
  t.deepEqual(await told(3), await told(1));
  t.deepEqual(await told(3, true), await told(1, true));
});

test('what was issued is kept by its description: the same bytes again, and another description is another file', async (t) => {
  const cache = join(authorFolder({}), 'kept');
  const [good, revoked] = [all[0], all[1]].filter((one) => one !== undefined);
  const fingerprint = async (one: typeof good) => {
    const [outcome] = await outcomesOf(one ? [one] : [], { cache });
    return outcome?.got?.decision.outcome === undefined
      ? undefined
      : outcome.got.input?.certificate_fingerprint;
  };
  const first = await fingerprint(good);
  const files = readdirSync(cache).length;
  t.is(await fingerprint(good), first);
  t.is(readdirSync(cache).length, files, 'nothing new');
  t.not(await fingerprint(revoked), first);
  t.is(readFileSync(join(cache, '.gitignore'), 'utf8'), '*\n');
});

test('keys follow from descriptions, so that their digests are the same in every run', async (t) => {
  const digest = async () => (await outcomesOf(mixed.slice(0, 1)))[0]?.got?.input?.key_digest;
  t.is(await digest(), await digest());
});

test('words beside real material that would change nothing are refused before the material is read', async (t) => {
  const given = `
at: 2026-06-01T12:00:00Z
fixtures:
  authorities: { real: { file: root.pem, profile: cn }, made: {} }
cases:
  - { title: an end of a CRL, crls: { real: { file: root.crl, next_update: -1h } }, expect: { outcome: deny } }
  - { title: revoked by nobody, certificate: { file: good.pem, revoked: {} }, expect: { outcome: deny } }
  - { title: revoked on a real CRL, crls: { made: { file: root.crl } }, certificate: { issuer: made, revoked: {} }, expect: { outcome: deny } }
`;
  const other = given.replace('profile: cn }', 'profile: cn, not_after: -1d }').replace(/cases:[^]*$/, '');
  const outcomes = [
    ...(await outcomesOf(casesIn(given))),
    ...(await outcomesOf(casesIn(`${other}cases:\n  - { title: one, expect: { outcome: deny } }\n`))),
  ];
  t.deepEqual(
    outcomes.map(({ problems }) => problems),
    [
      ['crl of real: beside real material next_update would be without effect'],
      ['certificate: revoked would be without effect: name its issuer, whose CRL is made here'],
      ['certificate: revoked would be without effect: the CRL of made is real'],
      ['authority real: beside real material not_after would be without effect'],
    ],
  );
});

test('real material takes the place of words: certificate, CA, CRL and a whole request', async (t) => {
  const day = 86_400_000;
  const now = Date.UTC(2026, 5, 1, 12);
  const life = { notBefore: now - day, notAfter: now + 30 * day };
  const root = await createRoot({ subject: 'CN=Real Root', ...life });
  const leaf = (name: string) => issueLeaf(root, { subject: `CN=${name}`, ...life });
  const [good, bad] = [await leaf('meter-1'), await leaf('meter-2')];
  const crl = await issueCrl(root, {
    ...{ number: 1, thisUpdate: now - 1000, nextUpdate: now + day },
    revoked: [{ serial: bad.serial, at: now - 2000 }],
  });
  const request = {
    peer_chain: [Buffer.from(good.der).toString('base64')],
    authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
    source_ip: '10.20.0.7',
  };
  const text = `
at: 2026-06-01T12:00:00Z
fixtures:
  configuration: { classes: { meter: { binding: issuer, issuers: [real], anchors: [real] } } }
  authorities: { real: { file: root.pem, profile: cn } }
  crls: { real: { file: root.crl } }
  cases: { real: { crls: { real: real } } }
cases:
  - { title: good, base: real, certificate: { file: good.pem }, device: { device_id: meter-1, class: meter }, expect: { outcome: allow, device_id: meter-1 } }
  - { title: revoked, base: real, certificate: { file: bad.pem }, device: { device_id: meter-2, class: meter }, expect: { outcome: deny, reasons: [revocation.revoked] } }
  - { title: without CRL, certificate: { file: good.pem }, device: { device_id: meter-1, class: meter }, expect: { outcome: deny, reasons: [revocation.crl_missing] } }
  - { title: a whole request, base: real, request: { file: request.json }, device: { device_id: meter-1, class: meter }, expect: { outcome: allow, device_id: meter-1 } }
`;
  const files = {
    'cases.yaml': text,
    'root.pem': root.pem,
    'good.pem': good.pem,
    'bad.pem': bad.pem,
    'root.crl': crl.der,
    'request.json': JSON.stringify(request),
  };
  const outcomes = await outcomesOf(casesIn(files));
  t.deepEqual(
    outcomes.map(({ title, problems }) => [title, problems]),
    outcomes.map(({ title }) => [title, []]),
  );
});

test('a configuration may be a file, with what a case says laid over it', async (t) => {
  const configuration = `
version: 1
server: { listeners: [{ name: local, address: 'unix:/run/none.sock', pep: wall }] }
peps: [{ name: wall, tenant: acme, site: lyon }]
policy: { bundle: nowhere.tar.gz }
classes: { meter: { binding: issuer, issuers: [meters], anchors: [fleet], networks: [10.9.0.0/16] } }
`;
  const text = `
at: 2026-06-01T12:00:00Z
fixtures:
  configuration: { file: portreeve.yaml }
  authorities: { fleet: {}, meters: { under: fleet } }
  certificates: { meter: { id: '${id}', issuer: meters } }
cases:
  - { title: as it stands, certificate: meter, device: { class: meter }, network: { source_ip: 10.9.0.1 }, expect: { outcome: allow } }
  - { title: laid over, configuration: { classes: { meter: { networks: [10.8.0.0/16] } } }, certificate: meter, device: { class: meter }, network: { source_ip: 10.9.0.1 }, expect: { outcome: deny, reasons: [network.source_not_allowed] } }
`;
  const outcomes = await outcomesOf(casesIn({ 'cases.yaml': text, 'portreeve.yaml': configuration }));
  t.deepEqual(
    outcomes.map(({ title, problems }) => [title, problems]),
    [
      ['as it stands', []],
      ['laid over', []],
    ],
  );
  t.like(outcomes[0]?.got?.input, { pep: 'wall', pep_site: 'lyon', tenant: 'acme' });
});

test('a kept file that was spoilt is not taken for a certificate', async (t) => {
  const cache = join(authorFolder({}), 'kept');
  await outcomesOf(mixed.slice(0, 1), { cache });
  for (const name of readdirSync(cache)) writeFileSync(join(cache, name), 'rubbish');
  const [outcome] = await outcomesOf(mixed.slice(0, 1), { cache });
  t.is(outcome?.status, 'passed');
});
