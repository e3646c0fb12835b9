import test from 'ava';
import fc from 'fast-check';
import { integer } from '../../src/ca/der.ts';
import { issueLeaf } from '../../src/ca/index.ts';
import { ExtensionList } from '../../src/identity/extension-list.ts';
import { parseCertificate } from '../../src/identity/parse.ts';
import type { Extension } from '../../src/identity/types.ts';
import { PortreeveError } from '../../src/lib/errors.ts';
import { splitCrls } from '../../src/revocation/crl-pem.ts';
import { distributionPointsOf } from '../../src/revocation/distribution-points.ts';
import { parseCrl } from '../../src/revocation/parse-crl.ts';
import { crlOf, fleet, life, now } from '../helpers/crl-fixtures.ts';
import { certificateIssuer, distributionPoints, issuingPoint } from '../helpers/crl-points.ts';

const numRuns = 500 * Number(process.env.SOAK_FACTOR ?? 1);
const { ca } = await fleet();
const sample = await crlOf(ca, {
  revoked: [
    { serial: 'ff01', at: now, reason: 'keyCompromise' },
    { serial: '07', at: now },
  ],
});
/** A delta of an indirect list of one distribution point: everything that a CRL can say. */
const rich = await crlOf(ca, {
  revoked: [
    { serial: '1', at: now, reason: 'removeFromCRL', extensions: [certificateIssuer('CN=Other,O=Example')] },
    { serial: '2', at: now },
  ],
  extensions: [
    { oid: '2.5.29.27', critical: true, value: integer('1') },
    issuingPoint({ relative: 'CN=Shard', reasons: [1, 8], indirect: true }),
  ],
});
const leaf = parseCertificate(
  (
    await issueLeaf(ca, {
      subject: 'CN=meter',
      ...life,
      extensions: [
        distributionPoints(
          { uri: 'http://crl.example/1', reasons: [1] },
          { relative: 'CN=Shard', crlIssuer: 'CN=Issuing,O=Example' },
        ),
      ],
    })
  ).der,
);

/** Reads everything there is to read; whether it could. Anything but a PortreeveError of the two codes falls through. */
function readsWhole(bytes: Uint8Array): boolean {
  try {
    for (const crl of splitCrls(bytes)) for (const entry of parseCrl(crl).entries()) void entry.serial;
    return true;
  } catch (thrown) {
    const codes = ['PDP_CRL_INVALID', 'PDP_CRL_REFUSED'];
    if (thrown instanceof PortreeveError && codes.includes(thrown.code)) return false;
    throw thrown;
  }
}

interface Change {
  readonly at: number;
  readonly drop: number;
  readonly insert: Uint8Array;
}

function changed(bytes: Uint8Array, changes: readonly Change[]): Buffer {
  return changes.reduce<Buffer>(
    (now, { at, drop, insert }) => Buffer.concat([now.subarray(0, at), insert, now.subarray(at + drop)]),
    Buffer.from(bytes),
  );
}

test('arbitrary bytes are no CRL, and nothing but a PortreeveError says so', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => !readsWhole(bytes)),
    { numRuns },
  );
  t.pass();
});

test('arbitrary PEM text is no CRL, and nothing but a PortreeveError says so', (t) => {
  const text = fc.tuple(fc.string({ maxLength: 60 }), fc.base64String({ maxLength: 120 }));
  fc.assert(
    fc.property(text, ([before, body]) => {
      const pem = `${before}\n-----BEGIN X509 CRL-----\n${body}\n-----END X509 CRL-----\n`;
      return !readsWhole(Buffer.from(pem));
    }),
    { numRuns },
  );
  t.pass();
});

test('a CRL with changed, removed and inserted bytes is read or refused, never a crash', (t) => {
  const change = fc.record({
    at: fc.nat(sample.byteLength - 1),
    drop: fc.nat(4),
    insert: fc.uint8Array({ maxLength: 4 }),
  });
  const changes = fc.array(change, { minLength: 1, maxLength: 4 });
  for (const crl of [sample, rich]) {
    fc.assert(
      fc.property(changes, (some) => void readsWhole(changed(crl, some))),
      { numRuns },
    );
  }
  t.true(readsWhole(sample) && readsWhole(rich));
});

test('a certificate with changed distribution points still has its issuer’s own, and none breaks the reading', (t) => {
  const extension = leaf.extensions.get('2.5.29.31') as Extension;
  const change = fc.record({
    at: fc.nat(extension.value.byteLength - 1),
    drop: fc.nat(3),
    insert: fc.uint8Array({ maxLength: 3 }),
  });
  t.is(distributionPointsOf(leaf).points.length, 3);
  fc.assert(
    fc.property(fc.array(change, { maxLength: 4 }), (changes) => {
      const value = changed(extension.value, changes);
      const others = leaf.extensions.values().filter(({ oid }) => oid !== extension.oid);
      const extensions = new ExtensionList([...others, { ...extension, value }]);
      const { points, problem } = distributionPointsOf({ ...leaf, extensions });
      return points.length >= 1 && (problem === undefined || points.length === 1);
    }),
    { numRuns: numRuns * 2 },
  );
});
