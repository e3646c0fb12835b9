import test from 'ava';
import fc from 'fast-check';
import { sequence } from '../../../../src/ca/der.ts';
import { ocspLimits } from '../../../../src/revocation/ocsp/limits.ts';
import { parseOcspResponse } from '../../../../src/revocation/ocsp/parse-response.ts';
import { day, fleet, hour, now } from '../../../helpers/crl-fixtures.ts';
import { forgeAnswer, forgeRefusal } from '../../../helpers/ocsp-forge.ts';

const { ca } = await fleet();
const single = { serial: 'a1', thisUpdate: now - hour, nextUpdate: now + day };
const valid = forgeAnswer({
  issuer: ca,
  singles: [single],
  nonce: Buffer.alloc(16, 1),
  certificates: [ca.der],
});
const invalid = { code: 'PDP_OCSP_INVALID' };

test('every field of an answer is read', (t) => {
  const { basic } = parseOcspResponse(valid);
  t.is(basic?.responder.by, 'name');
  t.is(basic?.producedAt, now - hour);
  t.like(basic?.responses[0], { status: 'good', thisUpdate: now - hour, nextUpdate: now + day });
  t.like(basic?.responses[0]?.certId, { hash: 'sha1', serial: 'a1' });
  t.deepEqual(Buffer.from(basic?.nonce ?? []), Buffer.alloc(16, 1));
  t.deepEqual(
    basic?.certificates.map((der) => Buffer.from(der)),
    [Buffer.from(ca.der)],
  );
});

test('an answer that is cut off anywhere, or has a byte too many, is refused', (t) => {
  for (let length = 0; length < valid.length; length += 1)
    t.throws(() => parseOcspResponse(valid.subarray(0, length)), invalid);
  t.throws(() => parseOcspResponse(Buffer.concat([valid, Buffer.of(0)])), invalid);
});

test('a status that does not exist, a success without a response, and other types are refused', (t) => {
  t.throws(() => parseOcspResponse(forgeRefusal(4)), invalid);
  t.throws(() => parseOcspResponse(forgeRefusal(0)), invalid);
  t.throws(() => parseOcspResponse(sequence()), invalid);
  t.throws(() => parseOcspResponse(Buffer.from('<html>not found</html>')), invalid);
  const basic = Buffer.from('2b0601050507300101', 'hex');
  const at = valid.indexOf(basic) + basic.length - 1;
  const other = Buffer.from(valid);
  other[at] = 9;
  t.throws(() => parseOcspResponse(other), { ...invalid, message: /not supported/ });
});

test('limits: bytes, single responses, certificates, nonce and serial number', (t) => {
  const singles = (count: number) => Array.from({ length: count }, () => single);
  const certificates = (count: number) => Array.from({ length: count }, () => ca.der);
  t.notThrows(() => parseOcspResponse(forgeAnswer({ issuer: ca, singles: singles(ocspLimits.singles) })));
  t.throws(
    () => parseOcspResponse(forgeAnswer({ issuer: ca, singles: singles(ocspLimits.singles + 1) })),
    invalid,
  );
  const many = { issuer: ca, singles: [single], certificates: certificates(ocspLimits.certificates + 1) };
  t.throws(() => parseOcspResponse(forgeAnswer(many)), invalid);
  const nonced = (octets: number) =>
    forgeAnswer({ issuer: ca, singles: [single], nonce: Buffer.alloc(octets) });
  t.notThrows(() => parseOcspResponse(nonced(128)));
  t.throws(() => parseOcspResponse(nonced(129)), invalid);
  t.throws(() => parseOcspResponse(nonced(0)), invalid);
  const long = { ...single, serial: '11'.repeat(21) };
  t.throws(() => parseOcspResponse(forgeAnswer({ issuer: ca, singles: [long] })), invalid);
  t.throws(() => parseOcspResponse(Buffer.alloc(ocspLimits.bytes + 1, 0x30)), invalid);
});

test('an answer whose nextUpdate is before its thisUpdate, or with a reason that does not exist, is refused', (t) => {
  const before = { ...single, nextUpdate: now - day };
  t.throws(() => parseOcspResponse(forgeAnswer({ issuer: ca, singles: [before] })), invalid);
  for (const reason of [7, 8, 11]) {
    const revoked = { ...single, status: 'revoked' as const, reason };
    t.throws(() => parseOcspResponse(forgeAnswer({ issuer: ca, singles: [revoked] })), invalid);
  }
});

test('arbitrary bytes throw nothing but what says that they are no answer', (t) => {
  const runs = 500 * Number(process.env['SOAK_FACTOR'] ?? 1);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      t.throws(() => parseOcspResponse(bytes), invalid);
    }),
    { numRuns: runs },
  );
});
