import test from 'ava';
import { enumerated, integer, sequence, time, tlv } from '../../../src/ca/der.ts';
import { nameOf as nameText } from '../../../src/ca/x509.ts';
import type { RawExtension } from '../../../src/ca/index.ts';
import { DerReader } from '../../../src/lib/der/reader.ts';
import { PortreeveError } from '../../../src/lib/errors.ts';
import { parseCrl } from '../../../src/revocation/parse-crl.ts';
import { asVersion1, crlOf, fleet, hour, now, withTbs } from '../../helpers/crl-fixtures.ts';

const { ca } = await fleet();
const nothing = Uint8Array.from([5, 0]);

function raw(oid: string, critical: boolean, value: Uint8Array = nothing): RawExtension {
  return { oid, critical, value };
}

function nameOf(text: string): Uint8Array {
  return Buffer.from(nameText(text).toArrayBuffer());
}

function entriesOf(crl: Uint8Array): unknown[] {
  return [...parseCrl(crl).entries()];
}

test('a complete CRL is read with issuer, number, times, key identifier and entries', async (t) => {
  const revoked = [
    { serial: 'ff01', at: now - 5000 },
    { serial: '07', at: now, reason: 'certificateHold' },
    { serial: '00', at: now, reason: 'aACompromise' },
  ];
  const crl = parseCrl(await crlOf(ca, { number: '0100', revoked }));
  t.is(crl.number, '0100');
  t.is(crl.thisUpdate, now - hour);
  t.is(crl.nextUpdate, now + hour);
  t.is(crl.issuer.rdns.flat()[0]?.value, 'Issuing');
  t.is(crl.authorityKeyId?.byteLength, 20);
  t.is(crl.signatureAlgorithm.oid, '1.2.840.10045.4.3.2');
  t.deepEqual(
    [...crl.entries()],
    [
      { serial: 'ff01', revokedAt: now - 5000, reason: 0 },
      { serial: '07', revokedAt: now, reason: 6 },
      { serial: '00', revokedAt: now, reason: 10 },
    ],
  );
});

test('a CRL without entries or number is read', async (t) => {
  const crl = parseCrl(await crlOf(ca, { number: undefined }));
  t.is(crl.number, undefined);
  t.deepEqual([...crl.entries()], []);
});

test('every reason of the standard is read, 7 and removeFromCRL are malformed', async (t) => {
  for (const reason of [0, 1, 2, 3, 4, 5, 6, 9, 10]) {
    const crl = await crlOf(ca, { revoked: [{ serial: '1', at: now, reason }] });
    t.deepEqual(entriesOf(crl), [{ serial: '01', revokedAt: now, reason }]);
  }
  for (const reason of [7, 8, 11]) {
    const crl = await crlOf(ca, { revoked: [{ serial: '1', at: now, reason }] });
    t.throws(() => entriesOf(crl), { code: 'PDP_CRL_INVALID', message: /entry 1/ });
  }
});

test('a delta CRL is read with its base, and an issuing distribution point with what it restricts to', async (t) => {
  const base = raw('2.5.29.27', true, integer('0f'));
  const scope = raw(
    '2.5.29.28',
    true,
    sequence(tlv(0x82, Buffer.from([0xff])), tlv(0x83, Buffer.from([5, 0x60]))),
  );
  const crl = parseCrl(await crlOf(ca, { number: '10', extensions: [base, scope] }));
  t.is(crl.baseNumber, '0f');
  t.is(crl.scope?.only, 'ca_certificates');
  t.is(crl.scope?.reasons, 0b110);
  t.false(crl.scope?.indirect);
});

test('a broken base or issuing distribution point is malformed', async (t) => {
  for (const [oid, value] of [
    ['2.5.29.27', nothing],
    ['2.5.29.27', integer('-1')],
    ['2.5.29.28', nothing],
    ['2.5.29.28', sequence(tlv(0x81, Buffer.from([0x01])))],
    ['2.5.29.28', sequence(tlv(0x81, Buffer.from([0xff])), tlv(0x82, Buffer.from([0xff])))],
    ['2.5.29.28', sequence(tlv(0x86, Buffer.from([0xff])))],
    ['2.5.29.28', sequence(tlv(0xa0, tlv(0xa2, nothing)))],
  ] as const) {
    const crl = await crlOf(ca, { extensions: [raw(oid, true, value)] });
    t.throws(() => parseCrl(crl), { code: 'PDP_CRL_INVALID' }, Buffer.from(value).toString('hex'));
  }
});

test('only a delta CRL may take certificates off the list', async (t) => {
  const revoked = [{ serial: '1', at: now, reason: 'removeFromCRL' }];
  const delta = await crlOf(ca, { revoked, extensions: [raw('2.5.29.27', true, integer('1'))] });
  t.deepEqual(entriesOf(delta), [{ serial: '01', revokedAt: now, reason: 8 }]);
});

test('an entry of another certificate issuer in a CRL that is not indirect makes it unusable', async (t) => {
  const extensions = [raw('2.5.29.29', false, sequence())];
  const crl = await crlOf(ca, { revoked: [{ serial: '1', at: now, extensions }] });
  t.throws(() => entriesOf(crl), { code: 'PDP_CRL_REFUSED', message: /indirect/ });
});

test('a certificate issuer holds for the entries that follow, until another is named', async (t) => {
  const named = (name: Uint8Array) => [raw('2.5.29.29', true, sequence(tlv(0xa4, name)))];
  const [one, other] = [nameOf('CN=One'), nameOf('CN=Other')];
  const crl = await crlOf(ca, {
    revoked: [
      { serial: '1', at: now },
      { serial: '-2', at: now, extensions: named(one) },
      { serial: '3', at: now },
      { serial: '4', at: now, extensions: named(other) },
    ],
    extensions: [raw('2.5.29.28', true, sequence(tlv(0x84, Buffer.from([0xff]))))],
  });
  t.deepEqual(
    entriesOf(crl).map((entry) => (entry as { issuers?: readonly string[] }).issuers),
    [undefined, ['2.5.4.3=one'], ['2.5.4.3=other']],
  );
});

test('an unknown critical extension of the CRL is told, an unknown other one is passed over', async (t) => {
  const critical = await crlOf(ca, { extensions: [raw('1.2.3.4', true)] });
  t.deepEqual(parseCrl(critical).unknownCritical, ['1.2.3.4']);
  const other = await crlOf(ca, { extensions: [raw('1.2.3.4', false)] });
  t.deepEqual(parseCrl(other).unknownCritical, []);
});

test('an unknown critical entry extension makes the CRL unusable, an unknown other one is passed over', async (t) => {
  const entry = (critical: boolean) => ({ serial: '1', at: now, extensions: [raw('1.2.3.4', critical)] });
  const critical = await crlOf(ca, { revoked: [{ serial: '2', at: now }, entry(true)] });
  t.throws(() => entriesOf(critical), { code: 'PDP_CRL_REFUSED', message: /1\.2\.3\.4/ });
  t.is(entriesOf(await crlOf(ca, { revoked: [entry(false)] })).length, 1);
});

test('an extension that comes twice is malformed, in the CRL and in an entry', async (t) => {
  const twice = [raw('1.2.3.4', false), raw('1.2.3.4', false)];
  const crl = await crlOf(ca, { extensions: twice });
  t.throws(() => parseCrl(crl), { code: 'PDP_CRL_INVALID', message: /1\.2\.3\.4 comes twice/ });
  const reasons = [raw('2.5.29.21', false, enumerated(6)), raw('2.5.29.21', false, enumerated(1))];
  const entries = await crlOf(ca, { revoked: [{ serial: '1', at: now, extensions: reasons }] });
  t.throws(() => entriesOf(entries), { code: 'PDP_CRL_INVALID', message: /comes twice/ });
});

test('a CRL without nextUpdate is read with its entries, one with it before thisUpdate is refused', async (t) => {
  t.is(parseCrl(await crlOf(ca, { nextUpdate: undefined })).nextUpdate, undefined);
  const withEntries = await crlOf(ca, { nextUpdate: undefined, revoked: [{ serial: '1', at: now }] });
  t.deepEqual(entriesOf(withEntries), [{ serial: '01', revokedAt: now, reason: 0 }]);
  const reversed = await crlOf(ca, { thisUpdate: now, nextUpdate: now - 1000 });
  t.throws(() => parseCrl(reversed), { code: 'PDP_CRL_REFUSED', message: /before thisUpdate/ });
});

test('a CRL of version 1 is read with its entries; with extensions it is malformed, and version 3 is refused', async (t) => {
  const whole = await crlOf(ca, { revoked: [{ serial: '1', at: now }] });
  const crl = parseCrl(asVersion1(whole, ca));
  t.is(crl.version, 1);
  t.is(crl.nextUpdate, now + hour);
  t.deepEqual([...crl.entries()], [{ serial: '01', revokedAt: now, reason: 0 }]);
  const extended = withTbs(whole, ([, ...rest]) => rest);
  t.throws(() => parseCrl(extended), { code: 'PDP_CRL_INVALID' });
  const third = withTbs(whole, ([, ...rest]) => [integer('02'), ...rest]);
  t.throws(() => parseCrl(third), { code: 'PDP_CRL_REFUSED', message: /version 2/ });
});

test('a signature algorithm that differs inside and outside is malformed', async (t) => {
  const crl = withTbs(await crlOf(ca), ([version, , ...rest]) => [
    version as Uint8Array,
    sequence(tlv(0x06, Buffer.from('2a8648ce3d040303', 'hex'))),
    ...rest,
  ]);
  t.throws(() => parseCrl(crl), { code: 'PDP_CRL_INVALID', message: /differs/ });
});

test('an issuer without a name is malformed', async (t) => {
  const crl = withTbs(await crlOf(ca), (all) => all.map((one, index) => (index === 2 ? sequence() : one)));
  t.throws(() => parseCrl(crl), { code: 'PDP_CRL_INVALID' });
});

test('a cRLNumber that is negative or has more than 20 octets is malformed', async (t) => {
  for (const number of ['-1', '7f'.repeat(21)]) {
    const crl = await crlOf(ca, { number });
    t.throws(() => parseCrl(crl), { code: 'PDP_CRL_INVALID', message: /cRLNumber/ });
  }
  t.is(parseCrl(await crlOf(ca, { number: 'ff'.repeat(20) })).number, 'ff'.repeat(20));
});

test('a negative serial number matches nothing and does no harm, nor does a long positive one', async (t) => {
  const negative = await crlOf(ca, {
    revoked: [
      { serial: '-5', at: now },
      { serial: '5', at: now },
    ],
  });
  t.deepEqual(entriesOf(negative), [{ serial: '05', revokedAt: now, reason: 0 }]);
  const long = await crlOf(ca, { revoked: [{ serial: '7f'.repeat(21), at: now }] });
  t.is(entriesOf(long).length, 1);
});

test('entries are read one at a time: those before a broken one come', async (t) => {
  const crl = await crlOf(ca, {
    revoked: [
      { serial: '1', at: now },
      { serial: '2', at: now, reason: 7 },
    ],
  });
  const entries = parseCrl(crl).entries()[Symbol.iterator]();
  t.is((entries.next().value as { serial: string }).serial, '01');
  t.throws(() => entries.next(), { code: 'PDP_CRL_INVALID', message: /entry 2/ });
});

test('empty extensions after an entry, as some issuers write them, mean no reason', async (t) => {
  const list = sequence(sequence(integer('5'), time(now), sequence()));
  const crl = withTbs(await crlOf(ca), (all) => [...all.slice(0, 5), list, ...all.slice(5)]);
  t.deepEqual(entriesOf(crl), [{ serial: '05', revokedAt: now, reason: 0 }]);
});

test('something after the extensions, the signature or after an entry’s fields is malformed', async (t) => {
  const behind = withTbs(await crlOf(ca), (all) => [...all, nothing]);
  t.throws(() => parseCrl(behind), { code: 'PDP_CRL_INVALID' });
  const { content } = new DerReader(await crlOf(ca)).next();
  t.throws(() => parseCrl(sequence(content, nothing)), { code: 'PDP_CRL_INVALID' });
  const list = sequence(sequence(integer('5'), time(now), sequence(), nothing));
  const within = withTbs(await crlOf(ca), (all) => [...all.slice(0, 5), list, ...all.slice(5)]);
  t.throws(() => entriesOf(within), { code: 'PDP_CRL_INVALID', message: /entry 1/ });
});

test('a CRL cut off anywhere, or with a byte too many, is malformed', async (t) => {
  const whole = await crlOf(ca, { revoked: [{ serial: '1', at: now }] });
  for (let length = 0; length < whole.byteLength; length++) {
    const error = t.throws(() => parseCrl(whole.subarray(0, length)), { instanceOf: PortreeveError });
    t.is(error.code, 'PDP_CRL_INVALID');
  }
  t.throws(() => parseCrl(Buffer.concat([whole, Buffer.from([0])])), { code: 'PDP_CRL_INVALID' });
});

test('an entry that names more certificate issuers than a CA has names makes the CRL unusable', async (t) => {
  const naming = async (count: number): Promise<Uint8Array> => {
    const names = Array.from({ length: count }, (_, place) => tlv(0xa4, nameOf(`CN=Name ${place}`)));
    const extensions = [raw('2.5.29.29', true, sequence(...names))];
    const indirect = raw('2.5.29.28', true, sequence(tlv(0x84, Buffer.of(0xff))));
    return crlOf(ca, { revoked: [{ serial: '01', at: now, extensions }], extensions: [indirect] });
  };
  t.is(entriesOf(await naming(16)).length, 1);
  const many = await naming(17);
  t.throws(() => entriesOf(many), { code: 'PDP_CRL_INVALID', message: /entry 1: .*more than 16 names/ });
});
