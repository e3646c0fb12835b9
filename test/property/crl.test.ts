import test from 'ava';
import fc from 'fast-check';
import { PortreeveError } from '../../src/lib/errors.ts';
import { splitCrls } from '../../src/revocation/crl-pem.ts';
import { parseCrl } from '../../src/revocation/parse-crl.ts';
import { crlOf, fleet, now } from '../helpers/crl-fixtures.ts';

const numRuns = 500 * Number(process.env.SOAK_FACTOR ?? 1);
const { ca } = await fleet();
const sample = await crlOf(ca, {
  revoked: [
    { serial: 'ff01', at: now, reason: 'keyCompromise' },
    { serial: '07', at: now },
  ],
});

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
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
      let bytes: Buffer = Buffer.from(sample);
      for (const { at, drop, insert } of changes) {
        bytes = Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + drop)]);
      }
      readsWhole(bytes);
    }),
    { numRuns: numRuns * 2 },
  );
  t.true(readsWhole(sample));
});
