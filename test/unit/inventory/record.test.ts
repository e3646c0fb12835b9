import test from 'ava';
import { buildDraft } from '../../../src/inventory/record.ts';
import { device } from '../../helpers/inventory.ts';

function build(fields: Record<string, unknown>): {
  draft: ReturnType<typeof buildDraft>;
  problems: string[];
} {
  const problems: string[] = [];
  return { draft: buildDraft(fields, (message) => problems.push(message)), problems };
}

test('a row with the required fields is a device with everything else empty', (t) => {
  t.deepEqual(build(device('d1')), {
    draft: {
      device_id: 'd1',
      status: 'active',
      class: 'meter',
      tags: [],
      certificates: [],
      keys: [],
      issued: [],
      attestation_keys: [],
      firmware: [],
      networks: [],
      gateways: [],
      entitlements: [],
      attributes: {},
    },
    problems: [],
  });
});

test('digests are lower-case without colons, networks have a prefix, lists are sorted sets', (t) => {
  const digest = 'AB'.repeat(32);
  const { draft } = build(
    device('d1', {
      certificates: [digest, digest.match(/../g)?.join(':')],
      keys: [digest.toLowerCase()],
      firmware: ['F'.repeat(128), '0'.repeat(96)],
      networks: ['2001:DB8::/32', '10.0.0.1', '10.0.0.0/8'],
      tags: ['b', 'a', 'b'],
    }),
  );
  t.deepEqual(draft?.certificates, ['ab'.repeat(32)]);
  t.deepEqual(draft?.keys, ['ab'.repeat(32)]);
  t.deepEqual(draft?.firmware, ['0'.repeat(96), 'f'.repeat(128)]);
  t.deepEqual(draft?.networks, ['10.0.0.0/8', '10.0.0.1/32', '2001:db8::/32']);
  t.deepEqual(draft?.tags, ['a', 'b']);
});

test('every problem of a row is reported, not the first one only', (t) => {
  const { draft, problems } = build({ status: 'on', class: 7, colour: 'red', tags: 'a' });
  t.is(draft, undefined);
  t.deepEqual(problems, [
    '"colour" is not a field of a device; further columns belong under attributes',
    'device_id is missing',
    'status "on" must be one of pre_provisioned, active, disabled, quarantined, lost, decommissioned',
    'class must be text',
    'tags must be a list of texts',
  ]);
});

const refused: readonly (readonly [string, Record<string, unknown>, RegExp])[] = [
  ['an empty device id', { device_id: '' }, /device_id "" is empty/],
  ['a device id of 257 characters', { device_id: 'x'.repeat(257) }, /longer than 256/],
  ['a NUL in a device id', { device_id: 'a\0b' }, /control character/],
  ['a line break in an owner', { owner: 'a\nb' }, /control character/],
  ['a lone surrogate', { device_id: 'a\ud800' }, /well-formed/],
  ['a space at the end of a device id', { device_id: 'a ' }, /begins or ends with a space/],
  ['null for an optional field', { owner: null }, /owner must be text/],
  ['null in a list', { tags: [null] }, /tags must be text/],
  [
    'a certificate digest that is too short',
    { certificates: ['ab'] },
    /certificates "ab" must be 64 hex digits/,
  ],
  ['a key digest with a letter that is no digit', { keys: ['g'.repeat(64)] }, /keys .* 64 hex digits/],
  ['a SHA-1 firmware hash', { firmware: ['a'.repeat(40)] }, /64 or 96 or 128/],
  ['an IPv4 prefix over 32', { networks: ['10.0.0.0/33'] }, /must be a network/],
  ['an IPv6 prefix over 128', { networks: ['::/129'] }, /must be a network/],
  ['an empty prefix', { networks: ['10.0.0.0/'] }, /must be a network/],
  ['two prefixes', { networks: ['10.0.0.0/8/8'] }, /must be a network/],
  ['an address with a zone', { networks: ['fe80::1%eth0'] }, /must be a network/],
  ['a network that is a name', { networks: ['localhost'] }, /must be a network/],
  ['65 tags', { tags: Array.from({ length: 65 }, (_, index) => `t${index}`) }, /more than 64 items/],
  ['an entitlement with a comma', { entitlements: ['a,b'] }, /entitlements "a,b"/],
  ['an entitlement with a line break', { entitlements: ['a\r\nx: y'] }, /entitlements/],
  ['attributes that are a list', { attributes: [] }, /attributes must be an object/],
  ['an attribute that is a number', { attributes: { x: 1 } }, /attributes\.x must be text/],
  [
    'an attribute named __proto__',
    JSON.parse('{"attributes":{"__proto__":"x"}}') as Record<string, unknown>,
    /__proto__/,
  ],
  ['a field named constructor', { constructor: 'x' }, /"constructor" is not a field/],
];
for (const [what, fields, message] of refused) {
  test(`${what} is refused`, (t) => {
    const { draft, problems } = build(device('d1', fields));
    t.is(draft, undefined);
    t.is(problems.length, 1);
    t.regex(problems[0] ?? '', message);
  });
}

test('256 characters, all statuses and 64 attributes are accepted', (t) => {
  const attributes = Object.fromEntries(Array.from({ length: 64 }, (_, index) => [`a${index}`, 'x']));
  for (const status of ['pre_provisioned', 'active', 'disabled', 'quarantined', 'lost', 'decommissioned']) {
    t.deepEqual(build(device('ü'.repeat(256), { status, attributes })).problems, []);
  }
  t.is(build(device('d', { attributes: { ...attributes, more: 'x' } })).draft, undefined);
});
