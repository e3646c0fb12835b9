import { isDeepStrictEqual } from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import { integer, sequence } from '../../src/ca/der.ts';
import { createRoot } from '../../src/ca/index.ts';
import { parseCertificate } from '../../src/identity/parse.ts';
import { asVersion1, crlOf, fleet, life, now, withTbs } from '../helpers/crl-fixtures.ts';
import { certificateIssuer, issuingPoint } from '../helpers/crl-points.ts';
import { readStreamed, readWhole } from '../helpers/crl-stream.ts';

const numRuns = 250 * Number(process.env.SOAK_FACTOR ?? 1);
const { root, ca } = await fleet();
const rsa = await createRoot({ subject: 'CN=RSA', key: 'rsa-2048', ...life });
const ed = await createRoot({ subject: 'CN=Ed', key: 'ed25519', ...life });
const issuers = [root, ca, ed, rsa].map(({ der }) => parseCertificate(der));

const long = Array.from({ length: 40 }, (_, index) => ({
  serial: (index * 7919 + 0x100).toString(16),
  at: now - index,
  ...(index % 3 === 0 && { reason: 'keyCompromise' }),
}));
const plain = await crlOf(ca, { revoked: long });
const samples: readonly Uint8Array[] = [
  plain,
  await crlOf(ca),
  await crlOf(ed, { revoked: long.slice(0, 3) }),
  await crlOf(rsa, { revoked: long.slice(0, 3) }),
  asVersion1(await crlOf(ca, { revoked: long.slice(0, 3) }), ca),
  await crlOf(ca, { nextUpdate: undefined }),
  await crlOf(ca, { thisUpdate: now, nextUpdate: now - 1000 }),
  /** A delta of an indirect list of one distribution point: everything that a CRL can say. */
  await crlOf(ca, {
    revoked: [
      {
        serial: '1',
        at: now,
        reason: 'removeFromCRL',
        extensions: [certificateIssuer('CN=Other,O=Example')],
      },
      { serial: '2', at: now },
    ],
    extensions: [
      { oid: '2.5.29.27', critical: true, value: integer('1') },
      issuingPoint({ relative: 'CN=Shard', reasons: [1, 8], indirect: true }),
    ],
  }),
  await crlOf(ca, { revoked: [{ serial: '1', at: now, reason: 8 }] }),
  await crlOf(ca, { revoked: [...long.slice(0, 3), { serial: '1', at: now, reason: 7 }] }),
  await crlOf(ca, {
    revoked: [{ serial: '1', at: now, extensions: [{ oid: '1.2.3', critical: true, value: sequence() }] }],
  }),
  // A second list where extensions should stand, and lists that claim more than there is.
  withTbs(await crlOf(ca, { revoked: long.slice(0, 2) }), (elements) => [
    ...elements.slice(0, -1),
    sequence(),
  ]),
  withTbs(await crlOf(ca), (elements) => [...elements.slice(0, -1), Buffer.from([0x30, 0x82, 0xff, 0xff])]),
  withTbs(await crlOf(ca), ([, ...rest]) => [integer('02'), ...rest, Buffer.from([0x30, 0x05])]),
];

function pem(der: Uint8Array, width = 64, newline = '\n'): Buffer {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(new RegExp(`.{1,${width}}`, 'g')) ?? [];
  return Buffer.from(['-----BEGIN X509 CRL-----', ...lines, '-----END X509 CRL-----', ''].join(newline));
}

const sizes = fc
  .array(fc.integer({ min: 0, max: 70 }), { minLength: 1, maxLength: 6 })
  .filter((some) => some.some((one) => one > 0));
const change = fc.record({ at: fc.nat(), drop: fc.nat(4), insert: fc.uint8Array({ maxLength: 4 }) });
const changes = fc.array(change, { maxLength: 3 });

function changed(
  bytes: Uint8Array,
  some: readonly { at: number; drop: number; insert: Uint8Array }[],
): Buffer {
  return some.reduce<Buffer>((before, { at, drop, insert }) => {
    const place = at % (before.byteLength + 1);
    return Buffer.concat([before.subarray(0, place), insert, before.subarray(place + drop)]);
  }, Buffer.from(bytes));
}

/** Whether both readers come to the same, and which they came to. */
async function agree(bytes: Uint8Array, chunks: readonly number[]): Promise<boolean> {
  const streamed = await readStreamed(bytes, chunks, issuers, now);
  return isDeepStrictEqual(streamed, readWhole(bytes, issuers, now));
}

test('a stream is read as the same bytes at hand are, whatever chunks it comes in', async (t) => {
  for (const [index, sample] of samples.entries()) {
    for (const bytes of [sample, pem(sample), pem(sample, 5, '\r\n'), pem(sample, 100_000, '\r')]) {
      for (const chunks of [[1], [7], [64, 0, 3], [bytes.byteLength]]) {
        const streamed = await readStreamed(bytes, chunks, issuers, now);
        t.deepEqual(streamed, readWhole(bytes, issuers, now), `sample ${index}, chunks of ${chunks.join()}`);
      }
    }
  }
  t.true('entries' in readWhole(plain, issuers, now));
});

test('a changed CRL is read or refused as with all of it at hand', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...samples), changes, sizes, (sample, some, chunks) =>
      agree(changed(sample, some), chunks),
    ),
    { numRuns: numRuns * 4 },
  );
  t.pass();
});

test('changed PEM text is read or refused as with all of it at hand', async (t) => {
  const texts = [
    pem(plain),
    Buffer.concat([Buffer.from('a comment\n'), pem(plain, 4)]),
    Buffer.concat([pem(plain), pem(plain)]),
  ];
  const odd = fc.constantFrom(
    '=',
    ' ',
    '\n',
    '\r',
    '-----',
    '\t',
    'A',
    '-----BEGIN X509 CRL-----\n',
    '\u00a0',
  );
  const inserted = fc.record({
    at: fc.nat(),
    drop: fc.nat(6),
    insert: odd.map((text) => Buffer.from(text, 'latin1')),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...texts),
      fc.array(inserted, { maxLength: 3 }),
      sizes,
      (text, some, chunks) => agree(changed(text, some), chunks),
    ),
    { numRuns: numRuns * 2 },
  );
  t.pass();
});

test('arbitrary bytes are refused alike', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), sizes, (bytes, chunks) => agree(bytes, chunks)),
    { numRuns },
  );
  t.pass();
});

test('a CRL that is cut off at any byte is refused alike', async (t) => {
  for (let end = 0; end < plain.byteLength; end += 11)
    t.true(await agree(plain.subarray(0, end), [37]), `${end} bytes`);
});
