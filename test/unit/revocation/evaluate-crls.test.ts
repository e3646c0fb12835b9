import test from 'ava';
import { integer } from '../../../src/ca/der.ts';
import { createRoot, issueCa, issueLeaf, type Authority, type CrlOptions } from '../../../src/ca/index.ts';
import { parseCertificate } from '../../../src/identity/parse.ts';
import { evaluateRevocation, revocationFindings } from '../../../src/revocation/evaluate-crls.ts';
import { parseCrl } from '../../../src/revocation/parse-crl.ts';
import { asVersion1, crlOf, day, fleet, hour, life, minute, now } from '../../helpers/crl-fixtures.ts';
import { certificateIssuer, distributionPoints, issuingPoint, type Point } from '../../helpers/crl-points.ts';

const { root, ca } = await fleet();
const leaf = await issueLeaf(ca, { subject: 'CN=meter', ...life });
const rootCrl = await crlOf(root);

interface Asked {
  readonly crls: readonly Uint8Array[];
  readonly required?: boolean;
  /** Certificates among which CRL signers may be found. */
  readonly others?: readonly Authority[];
  readonly path?: readonly Authority[];
  readonly at?: number;
}

function ask(o: Asked) {
  const path = (o.path ?? [leaf, ca, root]).map(({ der }) => parseCertificate(der));
  return {
    path,
    crls: o.crls.map((crl) => parseCrl(crl)),
    at: o.at ?? now,
    required: o.required ?? true,
    certificates: [...path.slice(1), ...(o.others ?? []).map(({ der }) => parseCertificate(der))],
  };
}

/** What denies, as `code@place`; the root's own CRL is always there, so that only the leaf is in question. */
function denied(o: Asked): string[] {
  return revocationFindings(ask({ ...o, crls: [rootCrl, ...o.crls] })).map(
    ({ code, detail }) => `${code.replace('revocation.', '')}@${String(detail?.certificate)}`,
  );
}

const listed = (reason?: string, serial = leaf.serial) => ({
  revoked: [{ serial, at: now - minute, ...(reason !== undefined && { reason }) }],
});

async function delta(number: number, base: number, o: Partial<CrlOptions> = {}): Promise<Uint8Array> {
  const indicator = { oid: '2.5.29.27', critical: true, value: integer(base.toString(16)) };
  return crlOf(ca, { number, ...o, extensions: [indicator, ...(o.extensions ?? [])] });
}

function leafWith(...points: readonly Point[]): Promise<Authority> {
  return issueLeaf(ca, {
    subject: 'CN=meter',
    ...life,
    serial: '77',
    extensions: [distributionPoints(...points)],
  });
}

test('a path is good where a fresh complete CRL of each issuer does not list its certificate', async (t) => {
  const { statuses, findings } = evaluateRevocation(ask({ crls: [rootCrl, await crlOf(ca)] }));
  t.deepEqual(findings, []);
  t.deepEqual(
    statuses.map(({ status, certificate }) => `${certificate} ${status}`),
    ['0 good', '1 good'],
  );
});

test('a missing CRL denies every certificate that it would be about, but only where revocation is required', async (t) => {
  const codes = (required: boolean) =>
    revocationFindings(ask({ crls: [], required })).map(({ code }) => code);
  t.deepEqual(codes(true), ['revocation.crl_missing', 'revocation.crl_missing']);
  t.deepEqual(codes(false), []);
});

test('a CRL is fresh from thisUpdate to nextUpdate, both included', async (t) => {
  const crls = [await crlOf(ca, { thisUpdate: now, nextUpdate: now + hour })];
  t.deepEqual(denied({ crls, at: now }), []);
  t.deepEqual(denied({ crls, at: now + hour }), []);
  t.deepEqual(denied({ crls, at: now - 1000 }), ['crl_stale@0']);
  t.true(denied({ crls, at: now + hour + 1000 }).includes('crl_stale@0'));
  t.deepEqual(denied({ crls, at: now - 1000, required: false }), []);
});

test('an entry denies whether or not revocation is required and however old the list is', async (t) => {
  for (const required of [true, false]) {
    t.deepEqual(denied({ crls: [await crlOf(ca, listed('keyCompromise'))], required }), ['revoked@0']);
    const old = await crlOf(ca, { ...listed(), thisUpdate: now - 2 * day, nextUpdate: now - day });
    t.deepEqual(denied({ crls: [old], required }), ['revoked@0']);
  }
});

test('a hold is told as such, and an entry about a CA as that of an issuer', async (t) => {
  t.deepEqual(denied({ crls: [await crlOf(ca, listed('certificateHold'))] }), ['on_hold@0']);
  const crls = [await crlOf(root, { number: 2, ...listed('cACompromise', ca.serial) }), await crlOf(ca)];
  t.deepEqual(denied({ crls }), ['issuer_revoked@1']);
});

test('an entry about the same serial number of another issuer means nothing', async (t) => {
  const crls = [await crlOf(root, { number: 2, ...listed() }), await crlOf(ca)];
  t.deepEqual(denied({ crls }), []);
});

test('of two complete CRLs of one signer the later counts, by number and then by time', async (t) => {
  const held = await crlOf(ca, { number: 5, ...listed('certificateHold') });
  t.deepEqual(denied({ crls: [held, await crlOf(ca, { number: 6 })] }), []);
  t.deepEqual(denied({ crls: [held, await crlOf(ca, { number: 4 })] }), ['on_hold@0']);
  const later = await crlOf(ca, { number: 5, thisUpdate: now - minute });
  t.deepEqual(denied({ crls: [held, later] }), []);
  const future = await crlOf(ca, { number: 9, thisUpdate: now + minute });
  t.deepEqual(denied({ crls: [held, future] }), ['on_hold@0']);
});

test('a CRL that another key signed is none', async (t) => {
  const crls = [await crlOf(ca, { signWith: root, ...listed() })];
  t.deepEqual(denied({ crls }), ['crl_missing@0']);
  t.deepEqual(denied({ crls, required: false }), []);
  t.deepEqual(denied({ crls: [...crls, await crlOf(ca)] }), []);
});

test('an unknown critical extension of a CRL or of any entry makes the whole CRL unusable', async (t) => {
  const unknown = { oid: '1.2.3.4', critical: true, value: Buffer.from([5, 0]) };
  t.deepEqual(denied({ crls: [await crlOf(ca, { extensions: [unknown] })] }), ['crl_missing@0']);
  const entry = { serial: '7', at: now - minute, extensions: [unknown] };
  t.deepEqual(denied({ crls: [await crlOf(ca, { revoked: [entry] })] }), ['crl_missing@0']);
});

test('a delta revokes, and lifts holds but nothing else', async (t) => {
  const base = await crlOf(ca, { number: 1 });
  t.deepEqual(denied({ crls: [base, await delta(2, 1)] }), []);
  t.deepEqual(denied({ crls: [base, await delta(2, 1, listed('keyCompromise'))] }), ['revoked@0']);
  const lift = await delta(2, 1, listed('removeFromCRL'));
  t.deepEqual(denied({ crls: [await crlOf(ca, { number: 1, ...listed('certificateHold') }), lift] }), []);
  for (const reason of ['keyCompromise', undefined]) {
    t.deepEqual(denied({ crls: [await crlOf(ca, { number: 1, ...listed(reason) }), lift] }), ['revoked@0']);
  }
  t.deepEqual(denied({ crls: [base, lift] }), []);
});

test('a delta that is no longer fresh still revokes, but lifts no hold', async (t) => {
  const old = { thisUpdate: now - hour, nextUpdate: now - minute };
  const held = await crlOf(ca, { number: 1, ...listed('certificateHold') });
  t.deepEqual(denied({ crls: [held, await delta(2, 1, { ...listed('removeFromCRL'), ...old })] }), [
    'on_hold@0',
  ]);
  t.deepEqual(denied({ crls: [await crlOf(ca), await delta(2, 1, { ...listed(), ...old })] }), ['revoked@0']);
});

test('a fresh delta keeps a complete CRL usable that is past its nextUpdate', async (t) => {
  const old = await crlOf(ca, { number: 1, thisUpdate: now - 2 * day, nextUpdate: now - day });
  t.deepEqual(denied({ crls: [old] }), ['crl_stale@0']);
  t.deepEqual(denied({ crls: [old, await delta(2, 1)] }), []);
});

test('a delta is combined only with a complete CRL from its base up to before itself, of the same scope', async (t) => {
  const held = (number: number) => crlOf(ca, { number, ...listed('certificateHold') });
  const lift = await delta(5, 3, listed('removeFromCRL'));
  t.deepEqual(denied({ crls: [await held(3), lift] }), []);
  t.deepEqual(denied({ crls: [await held(4), lift] }), []);
  for (const number of [2, 5, 6])
    t.deepEqual(denied({ crls: [await held(number), lift] }), ['on_hold@0'], `${number}`);
  const scoped = await delta(5, 3, {
    ...listed('removeFromCRL'),
    extensions: [issuingPoint({ only: 'user' })],
  });
  t.deepEqual(denied({ crls: [await held(3), scoped] }), ['on_hold@0']);
  const forged = await delta(5, 3, { ...listed('removeFromCRL'), signWith: root });
  t.deepEqual(denied({ crls: [await held(3), forged] }), ['on_hold@0']);
});

test('a CRL of version 1 or without nextUpdate revokes what it lists, and tells the status of nothing else', async (t) => {
  const kinds = async (o: Partial<CrlOptions> = {}) => [
    asVersion1(await crlOf(ca, o), ca),
    await crlOf(ca, { ...o, number: 9, nextUpdate: undefined }),
  ];
  for (const crl of await kinds(listed())) {
    t.deepEqual(denied({ crls: [crl], required: false }), ['revoked@0']);
    t.deepEqual(denied({ crls: [crl] }), ['revoked@0']);
  }
  for (const crl of await kinds({ thisUpdate: now - minute })) {
    t.deepEqual(denied({ crls: [crl], required: false }), []);
    t.deepEqual(denied({ crls: [crl] }), ['crl_stale@0']);
    t.deepEqual(denied({ crls: [crl, await crlOf(ca)] }), []);
    t.deepEqual(denied({ crls: [crl, await crlOf(ca, listed('certificateHold'))] }), ['on_hold@0']);
  }
});

test('a delta from the future hides no current one, but what it revokes is revoked', async (t) => {
  const base = await crlOf(ca, { number: 1 });
  const ahead = { thisUpdate: now + minute };
  for (const future of [
    await delta(3, 1, ahead),
    await delta(3, 1, { ...listed('removeFromCRL'), ...ahead }),
  ]) {
    t.deepEqual(denied({ crls: [base, await delta(2, 1, listed('keyCompromise')), future] }), ['revoked@0']);
    t.deepEqual(denied({ crls: [base, await delta(2, 1, listed('certificateHold')), future] }), [
      'on_hold@0',
    ]);
    t.deepEqual(denied({ crls: [base, await delta(2, 1), future] }), []);
  }
  const revoking = await delta(3, 1, { ...listed('keyCompromise'), ...ahead });
  t.deepEqual(denied({ crls: [base, await delta(2, 1), revoking] }), ['revoked@0']);
  t.deepEqual(denied({ crls: [base, revoking], required: false }), ['revoked@0']);
});

test('of several deltas the latest counts', async (t) => {
  const crls = [
    await crlOf(ca, { number: 1 }),
    await delta(3, 1, listed('removeFromCRL')),
    await delta(2, 1, listed('certificateHold')),
  ];
  t.deepEqual(denied({ crls }), []);
  t.deepEqual(denied({ crls: [...crls, await delta(4, 1, listed('certificateHold'))] }), ['on_hold@0']);
});

test('a delta alone establishes nothing, but what it revokes is revoked until a later complete CRL', async (t) => {
  t.deepEqual(denied({ crls: [await delta(2, 1)] }), ['crl_missing@0']);
  const revoking = await delta(2, 1, listed());
  t.deepEqual(denied({ crls: [revoking], required: false }), ['revoked@0']);
  t.deepEqual(denied({ crls: [revoking, await crlOf(ca, { number: 2 })] }), []);
});

test('a CRL restricted to users, CAs or attribute certificates is about these only', async (t) => {
  const only = async (kind: 'user' | 'ca' | 'attribute') =>
    denied({ crls: [await crlOf(ca, { extensions: [issuingPoint({ only: kind })] })] });
  t.deepEqual(await only('user'), []);
  t.deepEqual(await only('ca'), ['crl_missing@0']);
  t.deepEqual(await only('attribute'), ['crl_missing@0']);
  const crls = [await crlOf(root, { extensions: [issuingPoint({ only: 'user' })] }), await crlOf(ca)];
  const codes = revocationFindings(ask({ crls })).map(({ detail }) => detail?.certificate);
  t.deepEqual(codes, [1]);
});

test('CRLs for some reasons establish a status once they cover all', async (t) => {
  const some = (number: number, reasons: readonly number[], o: Partial<CrlOptions> = {}) =>
    crlOf(ca, { number, ...o, extensions: [issuingPoint({ reasons })] });
  const [few, rest] = [await some(1, [1, 2]), await some(2, [3, 4, 5, 6, 7, 8])];
  t.deepEqual(denied({ crls: [few, rest] }), []);
  t.deepEqual(denied({ crls: [few] }), ['crl_missing@0']);
  const [finding] = revocationFindings(ask({ crls: [rootCrl, few] }));
  t.regex(String(finding?.detail?.reasons_not_covered), /^affiliationChanged .* aACompromise$/);
  t.deepEqual(denied({ crls: [few, await some(2, [3, 4, 5, 6, 7, 8], listed('superseded'))] }), [
    'revoked@0',
  ]);
  const old = { thisUpdate: now - 2 * day, nextUpdate: now - day };
  t.deepEqual(denied({ crls: [few, await some(2, [3, 4, 5, 6, 7, 8], old)] }), ['crl_stale@0']);
});

test('a CRL of a distribution point is about certificates that name the point', async (t) => {
  const uri = 'http://crl.example/1';
  const of = (scope: Parameters<typeof issuingPoint>[0]) => crlOf(ca, { extensions: [issuingPoint(scope)] });
  const named = await leafWith({ uri: 'http://crl.example/0' }, { uri });
  t.deepEqual(denied({ path: [named, ca, root], crls: [await of({ uri })] }), []);
  t.deepEqual(denied({ path: [named, ca, root], crls: [await of({ uri: `${uri}2` })] }), ['crl_missing@0']);
  t.deepEqual(denied({ crls: [await of({ uri })] }), ['crl_missing@0']);
  t.deepEqual(denied({ path: [named, ca, root], crls: [await crlOf(ca)] }), []);
});

test('names relative to the issuer are the full names that they stand for', async (t) => {
  const relative = await leafWith({ relative: 'CN=Shard 1' });
  const full = 'CN=Issuing,O=Example,CN=Shard 1';
  const of = (scope: Parameters<typeof issuingPoint>[0]) => crlOf(ca, { extensions: [issuingPoint(scope)] });
  t.deepEqual(denied({ path: [relative, ca, root], crls: [await of({ dn: full })] }), []);
  t.deepEqual(denied({ path: [relative, ca, root], crls: [await of({ relative: 'CN=shard  1' })] }), []);
  t.deepEqual(denied({ path: [relative, ca, root], crls: [await of({ dn: `${full}2` })] }), [
    'crl_missing@0',
  ]);
});

test('reasons of a distribution point limit what its CRL covers', async (t) => {
  const uri = 'http://crl.example/1';
  const crls = [await crlOf(ca, { extensions: [issuingPoint({ uri })] })];
  const some = await leafWith({ uri, reasons: [1, 2] });
  t.deepEqual(denied({ path: [some, ca, root], crls }), ['crl_missing@0']);
  const all = await leafWith({ uri, reasons: [1, 2] }, { uri, reasons: [3, 4, 5, 6, 7, 8] });
  t.deepEqual(denied({ path: [all, ca, root], crls }), []);
});

test('an indirect CRL counts where the certificate names its issuer, and by the issuers of its entries', async (t) => {
  const authority = await issueCa(root, { subject: 'CN=Revocation,O=Example', ...life });
  const named = await leafWith({ crlIssuer: authority.subject });
  const path = [named, ca, root];
  const of = (o: Partial<CrlOptions> = {}, scope = { indirect: true }) =>
    crlOf(authority, { ...o, extensions: [issuingPoint(scope)] });
  const others = [authority];
  t.deepEqual(denied({ path, others, crls: [await of()] }), []);
  t.deepEqual(denied({ path, crls: [await of()] }), ['crl_missing@0']);
  t.deepEqual(denied({ others, crls: [await of()] }), ['crl_missing@0']);
  t.deepEqual(denied({ path, others, crls: [await of({}, { indirect: false })] }), ['crl_missing@0']);
  const at = now - minute;
  const entries = (issuer: string) => ({
    revoked: [
      { serial: '1', at, extensions: [certificateIssuer(issuer)] },
      { serial: named.serial, at },
    ],
  });
  t.deepEqual(denied({ path, others, crls: [await of(entries(ca.subject))] }), ['revoked@0']);
  t.deepEqual(denied({ path, others, crls: [await of(entries('CN=Other CA'))] }), []);
  t.deepEqual(denied({ path, others, crls: [await of(listed(undefined, named.serial))] }), []);
});

test('a separate CRL signer of the CA’s name counts with its own unrevoked path to the same anchor', async (t) => {
  const keyUsage = ['cRLSign'];
  const signer = await issueLeaf(root, { subject: ca.subject, ...life, keyUsage, eku: [] });
  const crls = [await crlOf(ca, { signWith: signer })];
  t.deepEqual(denied({ crls, others: [signer] }), []);
  t.deepEqual(denied({ crls }), ['crl_missing@0']);
  const revoked = await crlOf(root, { number: 2, ...listed('keyCompromise', signer.serial) });
  t.deepEqual(denied({ crls: [...crls, revoked], others: [signer] }), ['crl_missing@0']);
  const expired = await issueLeaf(root, {
    subject: ca.subject,
    ...life,
    notAfter: now - hour,
    keyUsage,
    eku: [],
  });
  t.deepEqual(denied({ crls: [await crlOf(ca, { signWith: expired })], others: [expired] }), [
    'crl_missing@0',
  ]);
  const foreign = await createRoot({ subject: ca.subject, ...life });
  t.deepEqual(denied({ crls: [await crlOf(ca, { signWith: foreign })], others: [foreign] }), [
    'crl_missing@0',
  ]);
});

test('a signer under another anchor is none, although its path is valid there', async (t) => {
  const foreign = await createRoot({ subject: 'CN=Foreign', ...life });
  const signer = await issueCa(foreign, { subject: ca.subject, ...life });
  const crls = [await crlOf(ca, { signWith: signer }), await crlOf(foreign)];
  t.deepEqual(denied({ crls, others: [signer, foreign] }), ['crl_missing@0']);
});

test('lists of different keys do not take back what the other says', async (t) => {
  const signer = await issueLeaf(root, { subject: ca.subject, ...life, keyUsage: ['cRLSign'], eku: [] });
  const others = [signer];
  const held = await crlOf(ca, { number: 5, ...listed('certificateHold') });
  t.deepEqual(denied({ others, crls: [held, await crlOf(ca, { number: 6, signWith: signer })] }), [
    'on_hold@0',
  ]);
  const lift = await delta(6, 5, { ...listed('removeFromCRL'), signWith: signer });
  t.deepEqual(denied({ others, crls: [held, lift] }), ['on_hold@0']);
  const revoking = await delta(6, 5, { ...listed('keyCompromise'), signWith: signer });
  t.deepEqual(denied({ others, crls: [held, revoking] }), ['revoked@0']);
});

test('of two entries about one certificate the one that weighs more counts, whatever their order', async (t) => {
  const [hold] = listed('certificateHold').revoked;
  const [compromised] = listed('keyCompromise').revoked;
  for (const revoked of [
    [hold, compromised],
    [compromised, hold],
  ]) {
    const crls = [await crlOf(ca, { revoked: revoked.flatMap((one) => one ?? []) })];
    t.deepEqual(denied({ crls }), ['revoked@0']);
  }
});

test('a signer whose keyUsage lacks cRLSign has no right, and one without keyUsage has', async (t) => {
  const cas = await Promise.all(
    [['keyCertSign'], []].map((keyUsage) => issueCa(root, { subject: 'CN=CA', ...life, keyUsage })),
  );
  for (const [index, wanted] of [['crl_missing@0'], []].entries()) {
    const issuer = cas[index] as Authority;
    const one = await issueLeaf(issuer, { subject: 'CN=meter', ...life });
    const crls = [await crlOf(issuer)];
    t.deepEqual(denied({ path: [one, issuer, root], crls }), wanted);
    const { lint } = evaluateRevocation(ask({ path: [one, issuer, root], crls, required: false }));
    t.deepEqual(
      lint.map(({ code }) => code),
      index === 0 ? ['crl_sign_missing'] : [],
    );
  }
});

test('nobody vouches for their own status, unless their issuer names them as the issuer of that CRL', async (t) => {
  const keyUsage = ['cRLSign'];
  const signer = await issueLeaf(ca, { subject: ca.subject, ...life, keyUsage, eku: [] });
  const own = ask({ crls: [rootCrl, await crlOf(ca, { signWith: signer })], others: [signer] });
  const [finding] = revocationFindings(own);
  t.is(finding?.code, 'revocation.crl_missing');
  t.regex(String(finding?.detail?.problem), /no valid path/);
  const subject = 'CN=Revocation';
  const extensions = [distributionPoints({ crlIssuer: subject })];
  const delegate = await issueLeaf(ca, { subject, ...life, keyUsage, eku: [], extensions });
  const named = await leafWith({ crlIssuer: subject });
  const of = (o: Partial<CrlOptions> = {}) =>
    crlOf(delegate, { ...o, extensions: [issuingPoint({ indirect: true })] });
  const path = [named, ca, root];
  t.deepEqual(denied({ path, others: [delegate], crls: [await of()] }), []);
  const itself = { serial: delegate.serial, at: now - minute, extensions: [certificateIssuer(ca.subject)] };
  t.deepEqual(denied({ path, others: [delegate], crls: [await of({ revoked: [itself] })] }), [
    'crl_missing@0',
  ]);
});

test('what CRL issuers should have done better is told', async (t) => {
  const codes = async (o: Partial<CrlOptions>) =>
    evaluateRevocation(ask({ crls: [rootCrl, await crlOf(ca, o)] })).lint.map(
      ({ code, certificate }) => `${code}@${certificate}`,
    );
  t.deepEqual(await codes({}), []);
  t.deepEqual(await codes({ number: undefined }), ['crl_number_missing@0']);
  const critical = { oid: '2.5.29.20', critical: true, value: integer('1') };
  t.deepEqual(await codes({ number: undefined, extensions: [critical] }), ['crl_number_critical@0']);
});

test('many CRL signers that vouch for each other are looked at within a budget', async (t) => {
  const keyUsage = ['cRLSign'];
  const names = Array.from({ length: 12 }, (_, index) => `CN=Signer ${index}`);
  const points = names.map((crlIssuer) => ({ crlIssuer }));
  const signers = await Promise.all(
    names.map((subject) =>
      issueLeaf(ca, { subject, ...life, keyUsage, eku: [], extensions: [distributionPoints(...points)] }),
    ),
  );
  const extensions = [issuingPoint({ indirect: true, reasons: [1] })];
  const crls = await Promise.all(signers.map((signer) => crlOf(signer, { extensions })));
  const path = [await leafWith(...points), ca, root];
  t.deepEqual(denied({ path, others: signers, crls }), ['crl_missing@0']);
});

test('many CRLs beside many certificates of one name are looked at within a budget', async (t) => {
  const subject = ca.subject;
  const others = await Promise.all(Array.from({ length: 20 }, () => issueCa(root, { subject, ...life })));
  const crls = await Promise.all(
    Array.from({ length: 20 }, (_, index) => crlOf(ca, { number: index + 2, signWith: root })),
  );
  const { findings, lint } = evaluateRevocation(ask({ crls, others }));
  t.is(findings[0]?.code, 'revocation.crl_missing');
  t.true(lint.some(({ message }) => message.includes('more than 48 signatures')));
});
