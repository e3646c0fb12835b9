import fc from 'fast-check';

/** Bytes of CheckRequests, made field by field: also such as no library would write. */

/** What a field holds: text, bytes or a message by its fields' numbers; a number; an entry of a map. */
type Kind = 'text' | 'number' | 'entry' | Schema;
interface Schema {
  readonly [field: number]: Kind;
}

const time: Schema = { 1: 'number', 2: 'number' };
const socket: Schema = { 1: 'number', 2: 'text', 3: 'number', 5: 'text', 6: 'number' };
const peer: Schema = { 1: { 1: socket }, 2: 'text', 3: 'entry', 4: 'text', 5: 'text' };
const http: Schema = {
  ...{ 1: 'text', 2: 'text', 3: 'entry', 4: 'text', 5: 'text', 6: 'text', 7: 'text', 8: 'text' },
  ...{ 9: 'number', 10: 'text', 11: 'text', 12: 'text' },
};
const tls: Schema = { 1: 'text' };
const usualRequest: Schema = {
  1: { 1: peer, 2: peer, 4: { 1: time, 2: http }, 10: 'entry', 11: {}, 12: tls, 13: {} },
};

const oddSocket: Schema = { ...socket, 4: 'text' };
const oddPeer: Schema = { ...peer, 1: { 1: oddSocket, 2: { 1: 'text', 2: 'number' }, 3: { 1: 'text' } } };
const value: Schema = { 1: 'number', 3: 'text', 4: 'number', 5: { 1: 'entry' } };
const metadata: Schema = { 1: { 1: 'text', 2: { 1: { 1: 'text', 2: value } } }, 2: 'entry' };
const header: Schema = { 1: 'text', 2: 'text', 3: 'text' };
const oddHttp: Schema = { ...http, 13: { 1: header } };
const oddRequest: Schema = {
  1: {
    ...{ 1: oddPeer, 2: oddPeer, 4: { 1: time, 2: oddHttp }, 10: 'entry' },
    ...{ 11: metadata, 12: tls, 13: metadata },
  },
};

/** Names that doors ask for, and some that they do not, such as are hard to tell apart. */
const names = [
  ...['x-device-id', 'x-firmware-hash', 'x-request-id', 'x-forwarded-client-cert', 'x-forwarded-for'],
  ...[
    ':path',
    'accept',
    'x-device-ie',
    'portreeve.gateway',
    'device_id',
    'site',
    '__proto__',
    'constructor',
    '',
  ],
];
const text = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(...names, 'meter-1', 'a'.repeat(64), '192.0.2.7', 'GET', '/v1/a?b'),
  },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('n'.repeat(256), 'n'.repeat(257), 'é'.repeat(140), 'v'.repeat(8193)),
  },
);
const oddText = fc.oneof(
  { weight: 5, arbitrary: text.map((it) => Buffer.from(it)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 8 }).map((it) => Buffer.from(it)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('X-Device-Id', 'X-Request-ID', '7', '10').map((it) => Buffer.from(it)),
  },
);
const usualNumber = fc
  .oneof(fc.nat(65_535), fc.constantFrom(999_999_999, 2 ** 31, 0))
  .map((it) => varint(it));
/** Of up to eleven bytes: one more than there may be. */
const oddNumber = fc
  .tuple(fc.array(fc.integer({ min: 128, max: 255 }), { maxLength: 10 }), fc.nat(127))
  .map(([most, last]) => Buffer.from([...most, last]));

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}

function field(number: number, type: number, content: Buffer): Buffer {
  const length = type === 2 ? varint(content.length) : Buffer.alloc(0);
  return Buffer.concat([varint(number * 8 + type), length, content]);
}

/** As an encoder writes it: every field once at most, entries of maps several times, fields of later protos between. */
function usual(schema: Schema): fc.Arbitrary<Buffer> {
  const fields = Object.entries(schema).map(([key, kind]: [string, Kind]) => {
    const number = Number(key);
    if (kind === 'number') return usualNumber.map((content) => field(number, 0, content));
    if (kind === 'text') return text.map((content) => field(number, 2, Buffer.from(content)));
    if (kind !== 'entry') return usual(kind).map((content) => field(number, 2, content));
    const name = text.filter((it) => it === it.toLowerCase() && Buffer.byteLength(it) <= 256);
    const entry = fc
      .tuple(
        name.filter(isAscii),
        text.filter((it) => it.length < 8192),
      )
      .map(([key, it]) => Buffer.concat([field(1, 2, Buffer.from(key)), field(2, 2, Buffer.from(it))]));
    return fc
      .array(entry, { maxLength: 4 })
      .map((entries) => Buffer.concat(entries.map((content) => field(number, 2, content))));
  });
  const later = fc.constantFrom(field(14, 2, Buffer.from('later')), field(15, 5, Buffer.alloc(4)));
  return fc
    .tuple(fc.tuple(...fields), fc.option(later, { freq: 8 }))
    .map(([parts, more]) => Buffer.concat(more && parts.length > 0 ? [...parts, more] : parts));
}

function isAscii(it: string): boolean {
  return Buffer.byteLength(it) === it.length;
}

/** In any order and number, with wrong wire types, groups, unknown fields and lengths that say too much or too little. */
function odd(schema: Schema): fc.Arbitrary<Buffer> {
  const known = Object.entries(schema).map(([key, kind]: [string, Kind]) => ({
    weight: 12,
    arbitrary: oddField(Number(key), kind),
  }));
  const any = fc
    .tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 7 }), oddText)
    .map(([number, type, content]) => field(number, type, content));
  const broken = fc
    .tuple(fc.integer({ min: 1, max: 13 }), oddNumber, oddText)
    .map(([number, length, content]) => Buffer.concat([varint(number * 8 + 2), length, content]));
  return fc
    .array(fc.oneof(...known, { weight: 1, arbitrary: any }, { weight: 1, arbitrary: broken }), {
      maxLength: 6,
    })
    .map((fields) => Buffer.concat(fields));
}

function oddField(number: number, kind: Kind): fc.Arbitrary<Buffer> {
  if (kind === 'number') return fc.oneof(usualNumber, oddNumber).map((content) => field(number, 0, content));
  if (kind === 'text') return oddText.map((content) => field(number, 2, content));
  if (kind === 'entry') return odd({ 1: 'text', 2: 'text' }).map((content) => field(number, 2, content));
  return odd(kind).map((content) => field(number, 2, content));
}

/** CheckRequests as proxies send them. */
export const usualChecks: fc.Arbitrary<Buffer> = usual(usualRequest);

/** Bytes that are a CheckRequest or come near to one. */
export const oddChecks: fc.Arbitrary<Buffer> = fc.oneof(
  odd(oddRequest),
  odd(oddRequest[1] as Schema).map((content) => field(1, 2, content)),
);
