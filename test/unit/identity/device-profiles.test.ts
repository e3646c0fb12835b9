import test from 'ava';
import type { LeafOptions, RawExtension } from '../../../src/ca/index.ts';
import { sameDeviceId } from '../../../src/identity/compare.ts';
import { parseCertificate } from '../../../src/identity/parse.ts';
import { identify } from '../../../src/identity/profiles/index.ts';
import type { ProfileKind, ProfileSettings } from '../../../src/identity/types.ts';
import { der } from '../lib/der/encode.ts';
import { build, ca, codes, leaf, oid, root, trustOf } from './fleet.ts';
import { dns, subjectAltName, uri } from './forge.ts';

const anchor = root();

/** The identity of a leaf under an anchor with this profile, or the codes that deny it one. */
async function named(profile: ProfileSettings, o: Partial<LeafOptions>): Promise<string | string[]> {
  const issuer = await anchor;
  const built = build(trustOf([issuer], [], { profile }), await leaf(issuer, o));
  const [path] = built.paths;
  if (path === undefined) return codes(built);
  const { identity, findings } = identify(path);
  return identity?.id ?? findings.map(({ code }) => code);
}

const other = (kind: string, value: Uint8Array): [number, Buffer] => [
  0xa0,
  Buffer.concat([oid(kind), der(0xa0, value)]),
];
const module = (type: string, serial: Uint8Array | number[]) =>
  other('1.3.6.1.5.5.7.8.4', der(0x30, oid(type), der(0x04, serial)));
const mac = (...octets: number[]) => other('1.3.6.1.5.5.7.8.12', der(0x04, octets));
const names = (...all: Parameters<typeof subjectAltName>[0]): { extensions: RawExtension[] } => ({
  extensions: [subjectAltName(all, true)],
});
const forever = { notAfter: Date.UTC(9999, 11, 31, 23, 59, 59) };

const rows: readonly [string, ProfileSettings, Partial<LeafOptions>, string | string[]][] = [
  ['a serialNumber', { kind: 'ieee_802_1ar' }, { subject: 'CN=a,serialNumber=SN-1' }, 'SN-1'],
  [
    'a serialNumber before a HardwareModuleName',
    { kind: 'ieee_802_1ar' },
    { subject: 'serialNumber=SN-1', ...names(module('1.2.3', [0xab])) },
    'SN-1',
  ],
  [
    'a HardwareModuleName beside an empty subject',
    { kind: 'ieee_802_1ar' },
    { subject: '', ...names(module('1.2.3', [0, 0xab])) },
    '1.2.3/00ab',
  ],
  [
    'a serialNumber like the id of a HardwareModuleName',
    { kind: 'ieee_802_1ar' },
    { subject: 'serialNumber=1.2.3/00ab' },
    ['identity.id_malformed'],
  ],
  [
    'a serialNumber like that in upper case',
    { kind: 'ieee_802_1ar' },
    { subject: 'serialNumber=1.2.3/00AB' },
    ['identity.id_malformed'],
  ],
  ['a serialNumber with a slash', { kind: 'ieee_802_1ar' }, { subject: 'serialNumber=SN/00ab' }, 'SN/00ab'],
  [
    'two HardwareModuleNames',
    { kind: 'ieee_802_1ar' },
    { subject: '', ...names(module('1.2.3', [1]), module('1.2.3', [2])) },
    ['identity.multiple_ids'],
  ],
  [
    'a HardwareModuleName without a serial',
    { kind: 'ieee_802_1ar' },
    { subject: '', ...names(module('1.2.3', [])) },
    ['identity.id_malformed'],
  ],
  [
    'a HardwareModuleName that is none',
    { kind: 'ieee_802_1ar' },
    { subject: '', ...names(other('1.3.6.1.5.5.7.8.4', der(0x0c, 'x'))) },
    ['identity.id_malformed'],
  ],
  ['neither', { kind: 'ieee_802_1ar' }, { subject: 'CN=a' }, ['identity.id_missing']],
  [
    'an IDevID where either counts',
    { kind: 'ieee_802_1ar' },
    { subject: 'serialNumber=1', eku: [], ...forever },
    '1',
  ],
  [
    'an IDevID where IDevIDs are issued',
    { kind: 'ieee_802_1ar', devid: 'idevid' },
    { subject: 'serialNumber=1', eku: [], ...forever },
    '1',
  ],
  [
    'an IDevID where LDevIDs are issued',
    { kind: 'ieee_802_1ar', devid: 'ldevid' },
    { subject: 'serialNumber=1', ...forever },
    ['credential.idevid_used_operationally'],
  ],
  [
    'an LDevID without clientAuth',
    { kind: 'ieee_802_1ar', devid: 'ldevid' },
    { subject: 'serialNumber=1', eku: [] },
    ['credential.eku_missing_client_auth'],
  ],
  ['an LDevID', { kind: 'ieee_802_1ar', devid: 'ldevid' }, { subject: 'serialNumber=1' }, '1'],

  ['an EUI-48', { kind: 'mac_address' }, names(mac(0, 0x24, 0xbe, 1, 2, 3)), '00:24:be:01:02:03'],
  [
    'an EUI-64',
    { kind: 'mac_address' },
    names(mac(0, 0x24, 0xbe, 0xff, 0xfe, 1, 2, 3)),
    '00:24:be:ff:fe:01:02:03',
  ],
  [
    'an address of seven octets',
    { kind: 'mac_address' },
    names(mac(1, 2, 3, 4, 5, 6, 7)),
    ['identity.id_malformed'],
  ],
  [
    'two addresses',
    { kind: 'mac_address' },
    names(mac(1, 2, 3, 4, 5, 6), mac(1, 2, 3, 4, 5, 7)),
    ['identity.multiple_ids'],
  ],
  ['no address', { kind: 'mac_address' }, names(dns('a.example')), ['identity.id_missing']],
  [
    'an address that is no OCTET STRING',
    { kind: 'mac_address' },
    names(other('1.3.6.1.5.5.7.8.12', der(0x0c, '123456'))),
    ['identity.id_malformed'],
  ],

  ['a DNS name', { kind: 'san_dns' }, names(dns('Meter-1.Example'), uri('urn:x')), 'meter-1.example'],
  [
    'two DNS names',
    { kind: 'san_dns' },
    names(dns('a.example'), dns('b.example')),
    ['identity.multiple_ids'],
  ],
  ['a wildcard', { kind: 'san_dns' }, names(dns('*.example')), ['identity.id_malformed']],
  ['no DNS name', { kind: 'san_dns' }, names(uri('urn:x')), ['identity.id_missing']],

  ['a registration id', { kind: 'azure_dps' }, { subject: 'CN=Meter-1.a_b:2', eku: [] }, 'meter-1.a_b:2'],
  [
    'a registration id that ends in a period',
    { kind: 'azure_dps' },
    { subject: 'CN=a.' },
    ['identity.id_malformed'],
  ],
  ['a registration id with a space', { kind: 'azure_dps' }, { subject: 'CN=a b' }, ['identity.id_malformed']],
  [
    'a registration id of 129 characters',
    { kind: 'azure_dps' },
    { subject: `CN=${'a'.repeat(129)}` },
    ['identity.id_malformed'],
  ],
  [
    'a registration id with a Kelvin sign',
    { kind: 'azure_dps' },
    { subject: 'CN=\u212aettle-1' },
    ['identity.id_malformed'],
  ],
  ['no commonName', { kind: 'azure_dps' }, { subject: 'O=a' }, ['identity.id_missing']],
  ['two commonNames', { kind: 'azure_dps' }, { subject: 'CN=a,CN=b' }, ['identity.multiple_ids']],

  ['an endpoint name', { kind: 'lwm2m' }, { subject: 'CN=urn:dev:os:1-A', eku: [] }, 'urn:dev:os:1-A'],
  ['no endpoint name', { kind: 'lwm2m' }, { subject: 'O=a' }, ['identity.id_missing']],
  ['two endpoint names', { kind: 'lwm2m' }, { subject: 'CN=a,CN=b' }, ['identity.multiple_ids']],

  [
    'an ApplicationUri',
    { kind: 'opc_ua' },
    { subject: 'CN=Server,O=Plant', ...names(uri('urn:plant:server'), dns('a.example')) },
    'urn:plant:server',
  ],
  [
    'an ApplicationUri without an organization',
    { kind: 'opc_ua' },
    { subject: 'CN=Server', ...names(uri('urn:plant:server')) },
    ['identity.id_malformed'],
  ],
  [
    'an ApplicationUri without a commonName',
    { kind: 'opc_ua' },
    { subject: 'O=Plant', ...names(uri('urn:plant:server')) },
    ['identity.id_malformed'],
  ],
  [
    'two URIs',
    { kind: 'opc_ua' },
    { subject: 'CN=Server,O=Plant', ...names(uri('urn:a:b'), uri('urn:a:c')) },
    ['identity.multiple_ids'],
  ],
  ['no URI', { kind: 'opc_ua' }, { subject: 'CN=Server,O=Plant' }, ['identity.id_missing']],
  [
    'a URI that is none',
    { kind: 'opc_ua' },
    { subject: 'CN=Server,O=Plant', ...names(uri('plant')) },
    ['identity.id_malformed'],
  ],
];

for (const [what, profile, o, expected] of rows) {
  const under = `${profile.kind}${profile.devid === undefined ? '' : ` (${profile.devid})`}`;
  test(`under ${under}, ${what} gives ${String(expected)}`, async (t) => {
    t.deepEqual(await named(profile, o), expected);
  });
}

test('under aws_iot a device is its certificate, whatever the subject says', async (t) => {
  const issuer = await anchor;
  const device = await leaf(issuer, { subject: 'CN=AWS IoT Certificate', eku: [] });
  const { paths } = build(trustOf([issuer], [], { profile: { kind: 'aws_iot' } }), device);
  t.is(paths[0] && identify(paths[0]).identity?.id, device.fingerprint);
});

/** PAA, PAI and DAC by the texts of their subjects; further ones stand between PAI and DAC. */
async function matter(paa: string, ...below: readonly string[]): Promise<ReturnType<typeof identify>> {
  const top = await root({ subject: paa });
  const issuers = [top];
  for (const subject of below.slice(0, -1)) issuers.unshift(await ca(issuers[0] as typeof top, { subject }));
  const dac = await leaf(issuers[0] as typeof top, { subject: below.at(-1) ?? '', eku: [] });
  const { paths } = build(
    trustOf([top], [], { profile: { kind: 'matter_dac' } }),
    dac,
    ...issuers.slice(0, -1),
  );
  const [path] = paths;
  if (path === undefined) throw new Error('no path');
  const answer = identify(path);
  if (answer.identity) {
    const { keyDigest } = parseCertificate(dac.der);
    return {
      identity: { ...answer.identity, id: answer.identity.id.replace(keyDigest, 'KEY') },
      findings: [],
    };
  }
  return answer;
}

const vid = (value: string) => `1.3.6.1.4.1.37244.2.1=${value}`;
const pid = (value: string) => `1.3.6.1.4.1.37244.2.2=${value}`;

const matterRows: readonly [string, readonly [string, ...string[]], string][] = [
  [
    'ids that agree',
    [`CN=PAA,${vid('FFF1')}`, `CN=PAI,${vid('FFF1')},${pid('8000')}`, `CN=DAC,${vid('FFF1')},${pid('8000')}`],
    'FFF1-8000-KEY',
  ],
  [
    'a PAA and PAI for all',
    ['CN=PAA', `CN=PAI,${vid('FFF1')}`, `CN=DAC,${vid('FFF1')},${pid('8001')}`],
    'FFF1-8001-KEY',
  ],
  ['ids within names', ['CN=PAA', 'CN=PAI Mvid:FFF1', 'CN=DAC Mpid:00B1 Mvid:FFF1'], 'FFF1-00B1-KEY'],
  [
    'a PAI of another vendor',
    ['CN=PAA', `CN=PAI,${vid('FFF2')}`, `CN=DAC,${vid('FFF1')},${pid('8000')}`],
    'identity.vendor_product_mismatch',
  ],
  [
    'a PAI without a vendor',
    ['CN=PAA', 'CN=PAI', `CN=DAC,${vid('FFF1')},${pid('8000')}`],
    'identity.vendor_product_mismatch',
  ],
  [
    'a PAI of another product',
    ['CN=PAA', `CN=PAI,${vid('FFF1')},${pid('8001')}`, `CN=DAC,${vid('FFF1')},${pid('8000')}`],
    'identity.vendor_product_mismatch',
  ],
  [
    'a PAA of another vendor',
    [`CN=PAA,${vid('FFF2')}`, `CN=PAI,${vid('FFF1')}`, `CN=DAC,${vid('FFF1')},${pid('8000')}`],
    'identity.vendor_product_mismatch',
  ],
  [
    'a PAA with a product',
    [`CN=PAA,${vid('FFF1')},${pid('8000')}`, `CN=PAI,${vid('FFF1')}`, `CN=DAC,${vid('FFF1')},${pid('8000')}`],
    'identity.vendor_product_mismatch',
  ],
  [
    'a DAC without a product',
    ['CN=PAA', `CN=PAI,${vid('FFF1')}`, `CN=DAC,${vid('FFF1')}`],
    'identity.id_missing',
  ],
  [
    'a vendor in lower case',
    ['CN=PAA', `CN=PAI,${vid('FFF1')}`, `CN=DAC,${vid('fff1')},${pid('8000')}`],
    'identity.id_malformed',
  ],
  ['a DAC under the PAA itself', ['CN=PAA', `CN=DAC,${vid('FFF1')},${pid('8000')}`], 'chain.incomplete'],
  [
    'a CA too many',
    ['CN=PAA', `CN=PAI,${vid('FFF1')}`, 'CN=Between', `CN=DAC,${vid('FFF1')},${pid('8000')}`],
    'chain.too_long',
  ],
];

for (const [what, subjects, expected] of matterRows) {
  test(`under matter_dac, ${what} gives ${expected}`, async (t) => {
    const { identity, findings } = await matter(...subjects);
    t.is(identity?.id ?? findings[0]?.code, expected);
  });
}

const same: readonly [ProfileKind, string, string, boolean][] = [
  ['mac_address', '00:24:be:01:02:03', '0024BE010203', true],
  ['mac_address', '00:24:be:01:02:03', '00-24-BE-01-02-03', true],
  ['mac_address', '00:24:be:01:02:03', '0024.be01.0203', true],
  ['mac_address', '00:24:be:01:02:03', '00:24:be:01:02:04', false],
  ['mac_address', '00:24-be:01:02:03', '00:24-be:01:02:03', false],
  ['mac_address', '00:24:be', '00:24:be', false],
  ['azure_dps', 'Meter-1', 'meter-1', true],
  ['azure_dps', '\u212aettle-1', 'kettle-1', false],
  ['san_dns', '\u212aettle.example', 'kettle.example', false],
  ['lwm2m', 'urn:dev:1', 'URN:DEV:1', false],
  ['opc_ua', 'urn:a:b', 'urn:a:B', false],
  ['san_dns', 'A.example', 'a.EXAMPLE', true],
  ['aws_iot', 'AB'.repeat(32), 'ab'.repeat(32), true],
  ['aws_iot', 'ab', 'ab', false],
  ['ieee_802_1ar', '1.2.3/0AB1', '1.2.3/0ab1', true],
  ['ieee_802_1ar', 'SN-A', 'sn-a', false],
  ['matter_dac', `fff1-8000-${'AB'.repeat(32)}`, `FFF1-8000-${'ab'.repeat(32)}`, true],
  ['matter_dac', 'FFF1-8000', 'FFF1-8000', false],
];

for (const [kind, one, two, expected] of same) {
  test(`under ${kind} "${one}" and "${two}" are ${expected ? 'one device' : 'not one device'}`, (t) => {
    t.is(sameDeviceId(kind, one, two), expected);
  });
}
