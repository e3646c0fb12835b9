import test from 'ava';
import { integer, sequence, tlv } from '../../../src/ca/der.ts';
import { createRoot, issueCa, issueCrl } from '../../../src/ca/index.ts';
import type { CrlOptions } from '../../../src/ca/index.ts';
import { parseCertificate } from '../../../src/identity/parse.ts';
import { sha256Hex } from '../../../src/lib/bytes.ts';
import { importCrl } from '../../../src/revocation/import-crl.ts';
import { createRevocationReader } from '../../../src/revocation/reader.ts';
import { beginEntries, openEntries, stageEntries } from '../../../src/revocation/stage-entries.ts';
import { parseCrl } from '../../../src/revocation/parse-crl.ts';
import { openStore } from '../../../src/store/open.ts';
import { sweepRetired } from '../../../src/store/sweep.ts';
import type { Store } from '../../../src/store/types.ts';
import { gathered } from '../../helpers/crl-stream.ts';
import {
  asVersion1,
  crlOf,
  day,
  fleet,
  held,
  hour,
  importInto,
  life,
  minute,
  now,
  temporaryStore,
} from '../../helpers/crl-fixtures.ts';
import { issuingPoint } from '../../helpers/crl-points.ts';

const { root, ca } = await fleet();
const cas = [root, ca];
const revoke = (...serials: string[]) => serials.map((serial) => ({ serial, at: now - minute }));

function count(store: Store, table: string): number {
  return Number(store.prepare<{ n: number }>(`SELECT count(*) AS n FROM ${table}`).get()?.n);
}

test('an imported CRL is in force under its issuer’s key, with one change that says what it brought', async (t) => {
  const store = temporaryStore(t);
  const revoked = [{ serial: 'ff01', at: now - day, reason: 'keyCompromise' }, ...revoke('02')];
  const made = await importInto(store, cas, await crlOf(ca, { number: 'ff', revoked }));
  t.like(made, { changed: true, epoch: 1, added: 2, removed: 0 });
  const reader = createRevocationReader(store);
  t.deepEqual(reader.crls(), [made.crl]);
  t.like(made.crl, {
    issuerKey: ca.keyDigest,
    issuerName: 'O=Example,CN=Issuing',
    number: 'ff',
    thisUpdate: now - hour,
    nextUpdate: now + hour,
    importedAt: now,
    source: 'test.crl',
    entries: 2,
  });
  t.deepEqual(held(reader, ca, 'ff01').entry, {
    serial: 'ff01',
    revokedAt: now - day,
    reason: 'keyCompromise',
  });
  t.is(held(reader, ca, '02').entry?.reason, 'unspecified');
  t.deepEqual(held(reader, ca, '03'), { crl: made.crl });
  t.deepEqual(held(reader, root, '02'), {});
  const [change] = store.changesSince(0, 10);
  t.like(change, { kind: 'crl.import', selector: ca.keyDigest, actor: 'operator', why: 'test', at: now });
  t.like(change?.detail, {
    number: 'ff',
    previous_number: null,
    entries: 2,
    added: 2,
    removed: 0,
    source: 'test.crl',
  });
});

test('PEM and DER of the same CRL are the same CRL', async (t) => {
  const store = temporaryStore(t);
  const times = { thisUpdate: now - hour, nextUpdate: now + hour };
  const crl = await issueCrl(ca, { number: 1, revoked: revoke('1'), ...times });
  t.true((await importInto(store, cas, Buffer.from(crl.pem))).changed);
  t.false((await importInto(store, cas, crl.der)).changed);
});

test('the CRL that is in force already changes nothing and makes no epoch', async (t) => {
  const store = temporaryStore(t);
  const bytes = await crlOf(ca, { revoked: revoke('1') });
  const first = await importInto(store, cas, bytes);
  const again = await importInto(store, cas, bytes, now + minute);
  t.deepEqual(again, { changed: false, crl: first.crl, epoch: null, added: 0, removed: 0 });
  t.is(store.changesSince(0, 10).length, 1);
  t.is(count(store, 'generations'), 1);
});

test('the next CRL replaces the list and counts what came and went', async (t) => {
  const store = temporaryStore(t);
  await importInto(store, cas, await crlOf(ca, { number: 1, revoked: revoke('1', '2', '3') }));
  const next = await importInto(store, cas, await crlOf(ca, { number: 2, revoked: revoke('3', '4') }));
  t.like(next, { changed: true, epoch: 2, added: 1, removed: 2 });
  const reader = createRevocationReader(store);
  t.is(held(reader, ca, '01').entry, undefined);
  t.not(held(reader, ca, '03').entry, undefined);
  t.not(held(reader, ca, '04').entry, undefined);
  t.is(reader.crls().length, 1);
  t.is(count(store, 'revoked'), 2);
});

test('numbers are compared as numbers of any length, not as text', async (t) => {
  const store = temporaryStore(t);
  await importInto(store, cas, await crlOf(ca, { number: '9' }));
  t.is((await importInto(store, cas, await crlOf(ca, { number: '10' }))).crl.number, '10');
  const large = '01' + '00'.repeat(18);
  t.is((await importInto(store, cas, await crlOf(ca, { number: large }))).crl.number, large);
  await t.throwsAsync(importInto(store, cas, await crlOf(ca, { number: 'ff'.repeat(18) })), {
    code: 'PDP_CRL_REFUSED',
  });
});

test('a lower number, the same number with other contents, and no number after a number are refused', async (t) => {
  const store = temporaryStore(t);
  await importInto(store, cas, await crlOf(ca, { number: 5, revoked: revoke('1') }));
  const expect = async (number: number | undefined, message: RegExp) => {
    const bytes = await crlOf(ca, { number, thisUpdate: now - minute });
    await t.throwsAsync(importInto(store, cas, bytes), { code: 'PDP_CRL_REFUSED', message });
  };
  await expect(4, /lower/);
  await expect(5, /other contents/);
  await expect(undefined, /no number/);
  t.not(held(store, ca, '01').entry, undefined);
  t.is(store.changesSince(0, 10).length, 1);
});

test('thisUpdate going back is refused whatever the number', async (t) => {
  const store = temporaryStore(t);
  await importInto(store, cas, await crlOf(ca, { number: undefined, thisUpdate: now - hour }));
  const back = { thisUpdate: now - 2 * hour };
  for (const number of [undefined, 7]) {
    await t.throwsAsync(importInto(store, cas, await crlOf(ca, { number, ...back })), {
      code: 'PDP_CRL_REFUSED',
      message: /thisUpdate/,
    });
  }
  t.true((await importInto(store, cas, await crlOf(ca, { number: 7 }))).changed);
});

test('a CRL signed by another CA in the issuer’s name is malformed and leaves the list as it was', async (t) => {
  const store = temporaryStore(t);
  await importInto(store, cas, await crlOf(ca, { number: 1, revoked: revoke('1') }));
  const forged = await crlOf(ca, { number: 2, signWith: root });
  await t.throwsAsync(importInto(store, cas, forged), { code: 'PDP_CRL_INVALID', message: /signature/ });
  t.not(held(store, ca, '01').entry, undefined);
});

test('a changed octet in the list breaks its signature', async (t) => {
  const store = temporaryStore(t);
  const bytes = Buffer.from(await crlOf(ca, { revoked: revoke('11223344') }));
  bytes[bytes.indexOf(Buffer.from('11223344', 'hex'))] = 0x12;
  await t.throwsAsync(importInto(store, cas, bytes), { code: 'PDP_CRL_INVALID' });
});

test('a CRL of an issuer that is not configured is refused', async (t) => {
  const store = temporaryStore(t);
  const foreign = await createRoot({ subject: 'CN=Foreign', ...life });
  await t.throwsAsync(importInto(store, cas, await crlOf(foreign)), {
    code: 'PDP_CRL_REFUSED',
    message: /CN=Foreign/,
  });
});

test('a foreign CA of the same name as ours is not our CA', async (t) => {
  const store = temporaryStore(t);
  const foreign = await createRoot({ subject: ca.subject, ...life });
  await t.throwsAsync(importInto(store, cas, await crlOf(foreign)), { code: 'PDP_CRL_REFUSED' });
  t.is((await importInto(store, [ca, foreign], await crlOf(foreign))).crl.issuerKey, foreign.keyDigest);
});

test('an issuer whose keyUsage lacks cRLSign may not sign CRLs', async (t) => {
  const store = temporaryStore(t);
  const silent = await issueCa(root, { subject: 'CN=No CRLs', keyUsage: ['keyCertSign'], ...life });
  await t.throwsAsync(importInto(store, [silent], await crlOf(silent)), {
    code: 'PDP_CRL_REFUSED',
    message: /cRLSign/,
  });
  const free = await issueCa(root, { subject: 'CN=No usage', keyUsage: [], ...life });
  t.true((await importInto(store, [free], await crlOf(free))).changed);
});

test('an issuer that is expired or not yet valid may not sign CRLs', async (t) => {
  const store = temporaryStore(t);
  const expired = await issueCa(root, { subject: 'CN=Old', notBefore: now - 9 * day, notAfter: now - day });
  await t.throwsAsync(importInto(store, [expired], await crlOf(expired)), {
    code: 'PDP_CRL_REFUSED',
    message: /expired/,
  });
  const future = await issueCa(root, { subject: 'CN=New', notBefore: now + day, notAfter: now + 9 * day });
  await t.throwsAsync(importInto(store, [future], await crlOf(future)), {
    code: 'PDP_CRL_REFUSED',
    message: /not valid before/,
  });
});

test('of two certificates of one CA key the valid one counts', async (t) => {
  const store = temporaryStore(t);
  const dates = { notBefore: now - 9 * day, notAfter: now - day };
  const old = await issueCa(root, { subject: ca.subject, keyPair: ca.keys, ...dates });
  t.true((await importInto(store, [old, ca], await crlOf(ca))).changed);
});

test('a weak key or digest is refused', async (t) => {
  const store = temporaryStore(t);
  const weak = await createRoot({ subject: 'CN=Weak', key: 'rsa-1024', ...life });
  await t.throwsAsync(importInto(store, [weak], await crlOf(weak)), {
    code: 'PDP_CRL_REFUSED',
    message: /weak/,
  });
  const strong = await createRoot({ subject: 'CN=Strong', key: 'rsa-2048', ...life });
  await t.throwsAsync(importInto(store, [strong], await crlOf(strong, { hash: 'SHA-1' })), {
    code: 'PDP_CRL_REFUSED',
    message: /weak/,
  });
});

test('a CRL from the future is refused beyond five minutes of clock difference', async (t) => {
  const store = temporaryStore(t);
  const early = await crlOf(ca, { thisUpdate: now + 6 * minute });
  await t.throwsAsync(importInto(store, cas, early), { code: 'PDP_CRL_REFUSED', message: /clock/ });
  t.true((await importInto(store, cas, await crlOf(ca, { thisUpdate: now + 5 * minute }))).changed);
});

test('a CRL past its nextUpdate is imported: decisions judge its age', async (t) => {
  const store = temporaryStore(t);
  const old = { thisUpdate: now - 2 * day, nextUpdate: now - day };
  t.true((await importInto(store, cas, await crlOf(ca, { ...old, revoked: revoke('1') }))).changed);
});

test('a serial number listed twice counts once, and a revocation outweighs a hold', async (t) => {
  const store = temporaryStore(t);
  const revoked = [
    { serial: '1', at: now - day, reason: 'certificateHold' },
    { serial: '1', at: now - hour, reason: 'keyCompromise' },
    { serial: '2', at: now - day, reason: 'superseded' },
    { serial: '2', at: now - hour, reason: 'certificateHold' },
  ];
  const made = await importInto(store, cas, await crlOf(ca, { revoked }));
  t.like(made, { added: 2 });
  t.is(made.crl.entries, 2);
  const reader = createRevocationReader(store);
  t.is(held(reader, ca, '01').entry?.reason, 'keyCompromise');
  t.is(held(reader, ca, '02').entry?.reason, 'superseded');
});

test('a broken last entry leaves the list before in force, and its own rows are swept', async (t) => {
  const store = temporaryStore(t);
  await importInto(store, cas, await crlOf(ca, { number: 1, revoked: revoke('1') }));
  const many = Array.from({ length: 5000 }, (_, index) => (index + 16).toString(16));
  const broken = await crlOf(ca, {
    number: 2,
    revoked: [...revoke(...many), { serial: '1', at: now, reason: 7 }],
  });
  await t.throwsAsync(importInto(store, cas, broken), { code: 'PDP_CRL_INVALID', message: /entry 5001/ });
  const reader = createRevocationReader(store);
  t.is(reader.crls()[0]?.number, '01');
  t.deepEqual(held(reader, ca, '10').entry, undefined);
  await sweepRetired(store, minute);
  t.is(count(store, 'revoked'), 1);
  t.is(count(store, 'generations'), 1);
});

test('rows that are staged and not published are read by nobody', async (t) => {
  const store = temporaryStore(t);
  const crl = parseCrl(await crlOf(ca, { revoked: revoke('1', '2') }));
  const staged = await stageEntries(
    store,
    beginEntries(store, { issuerKey: ca.keyDigest, scope: '', delta: false }, now),
    crl,
    (await openEntries(crl)).all,
    undefined,
  );
  t.like(staged, { entries: 2, added: 2, removed: 0 });
  t.is(count(store, 'revoked'), 2);
  t.deepEqual(held(store, ca, '01'), {});
  t.deepEqual(store.epochs(), {});
});

test('a short list comes into force by one transaction, a long one by many', async (t) => {
  const store = temporaryStore(t);
  const other = openStore({ path: store.path, mode: 'read_only', now });
  t.teardown(() => other.close());
  for (const [number, entries, staged] of [
    [1, 2000, 0],
    [2, 2001, 1],
  ] as const) {
    const serials = Array.from({ length: entries }, (_, index) => (0x10000 + index).toString(16));
    const seen: unknown[] = [];
    const { crl } = await importCrl(store, {
      bytes: await crlOf(ca, { number, revoked: revoke(...serials) }),
      issuers: cas.map(({ der }) => parseCertificate(der)),
      ...{ source: 'test.crl', now, actor: 'operator', why: 'test' },
      weigh: () => {
        seen.push(
          other.prepare(`SELECT count(*) AS n FROM generations WHERE state = 'staging'`).get()?.['n'],
        );
        return {};
      },
    });
    t.deepEqual(seen, [staged]);
    t.is(crl.entries, entries);
  }
});

test('of imports of one issuer at the same time the highest number ends in force', async (t) => {
  const store = temporaryStore(t);
  const lists = await Promise.all(
    [1, 2, 3].map((number) => crlOf(ca, { number, revoked: revoke(`0${number}`, '0f') })),
  );
  const ended = await Promise.allSettled(lists.map((bytes) => importInto(store, cas, bytes)));
  for (const one of ended) {
    if (one.status === 'rejected') t.is((one.reason as { code: string }).code, 'PDP_CRL_REFUSED');
  }
  const reader = createRevocationReader(store);
  t.is(reader.crls()[0]?.number, '03');
  t.not(held(reader, ca, '03').entry, undefined);
  t.is(held(reader, ca, '01').entry, undefined);
  await sweepRetired(store, minute);
  t.is(count(store, 'revoked'), 2);
});

test('CRLs of several issuers stand side by side and do not share serial numbers', async (t) => {
  const store = temporaryStore(t);
  await importInto(store, cas, await crlOf(ca, { revoked: revoke('1') }));
  await importInto(store, cas, await crlOf(root, { number: 9, revoked: revoke('2') }));
  const reader = createRevocationReader(store);
  t.is(reader.crls().length, 2);
  t.is(held(reader, ca, '02').entry, undefined);
  t.not(held(reader, root, '02').entry, undefined);
  t.deepEqual(store.epochs(), { local: 2 });
});

test('a CRL that the store cannot represent is refused by name and changes nothing', async (t) => {
  const store = temporaryStore(t);
  const unread = {
    oid: '2.5.29.28',
    critical: true,
    value: sequence(tlv(0xa0, tlv(0xa0, tlv(0x88, Buffer.of(42))))),
  };
  const delta = { oid: '2.5.29.27', critical: true, value: integer('1') };
  const refusals: readonly (readonly [options: Partial<CrlOptions>, message: RegExp])[] = [
    [{ number: undefined, extensions: [delta] }, /delta CRL without cRLNumber/],
    [{ extensions: [issuingPoint({ only: 'attribute' })] }, /attribute certificates only/],
    [{ extensions: [unread] }, /no name of a form that is read/],
    [
      { extensions: [{ oid: '1.2.3.4', critical: true, value: sequence() }] },
      /critical extension 1\.2\.3\.4 is unknown/,
    ],
  ];
  for (const [options, message] of refusals) {
    const crl = await crlOf(ca, options);
    await t.throwsAsync(importInto(store, cas, crl), { code: 'PDP_CRL_REFUSED', message });
  }
  t.is(count(store, 'changes'), 0);
});

test('two CRLs at once and what is no CRL are refused and change nothing', async (t) => {
  const store = temporaryStore(t);
  const times = { thisUpdate: now, nextUpdate: now + hour, revoked: [] };
  const { pem } = await issueCrl(ca, times);
  await t.throwsAsync(importInto(store, cas, Buffer.from(pem + pem)), {
    code: 'PDP_CRL_INVALID',
    message: /2 CRLs/,
  });
  await t.throwsAsync(importInto(store, cas, Buffer.from(pem.slice(0, 200))), { code: 'PDP_CRL_INVALID' });
  await t.throwsAsync(importInto(store, cas, Buffer.from(ca.pem)), { code: 'PDP_CRL_INVALID' });
  await t.throwsAsync(importInto(store, cas, ca.der), { message: /CRL is/ });
  t.is(count(store, 'changes'), 0);
});

test('a CRL that is taken is kept before it is in force, one that is refused is not', async (t) => {
  const store = temporaryStore(t);
  const kept: { digest: string; known: number }[] = [];
  const keep = async (digest: string, bytes: () => AsyncIterable<Uint8Array>): Promise<void> => {
    t.is(sha256Hex(await gathered(bytes())), digest);
    const known = store.snapshot(() => createRevocationReader(store).crls().length);
    kept.push({ digest, known });
  };
  const der = await crlOf(ca);
  const pem = `-----BEGIN X509 CRL-----\n${Buffer.from(der).toString('base64')}\n-----END X509 CRL-----\n`;
  const how = { issuers: [parseCertificate(ca.der)], source: 'x', now, actor: 'a', why: 'w', keep };
  await importCrl(store, { ...how, bytes: Buffer.from(pem) });
  const digest = sha256Hex(der);
  t.deepEqual(kept, [{ digest, known: 0 }]);
  await importCrl(store, { ...how, bytes: der });
  t.deepEqual(kept.slice(1), [{ digest, known: 1 }], 'one that is in force may not have been kept before');
  const older = await crlOf(ca, { number: 0 });
  await t.throwsAsync(importCrl(store, { ...how, bytes: older }), { code: 'PDP_CRL_REFUSED' });
  t.is(kept.length, 2);
});

test('a CRL of version 1 or without nextUpdate is refused: nobody could say when it is stale', async (t) => {
  const store = temporaryStore(t);
  const refused = { code: 'PDP_CRL_REFUSED' };
  const first = asVersion1(await crlOf(ca), ca);
  await t.throwsAsync(importInto(store, cas, first), { ...refused, message: /not of version 2/ });
  const open = await crlOf(ca, { nextUpdate: undefined });
  await t.throwsAsync(importInto(store, cas, open), { ...refused, message: /no nextUpdate/ });
});
