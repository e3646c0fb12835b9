import test from 'ava';
import { extension, octetString } from '../../../../src/ca/der.ts';
import { createRoot, issueLeaf } from '../../../../src/ca/index.ts';
import type { Authority, LeafOptions } from '../../../../src/ca/index.ts';
import { parseCertificate } from '../../../../src/identity/parse.ts';
import { parseOcspResponse } from '../../../../src/revocation/ocsp/parse-response.ts';
import type { OcspQuestion, OcspVerdict } from '../../../../src/revocation/ocsp/verify-response.ts';
import { verifyOcspResponse } from '../../../../src/revocation/ocsp/verify-response.ts';
import { day, fleet, hour, life, minute, now } from '../../../helpers/crl-fixtures.ts';
import { forgeAnswer, forgeRefusal } from '../../../helpers/ocsp-forge.ts';
import type { ForgedAnswer, ForgedSingle } from '../../../helpers/ocsp-forge.ts';

const { root, ca } = await fleet();
const serial = '00a1'.slice(2);
const issuer = parseCertificate(ca.der);
const noCheck = { oid: '1.3.6.1.5.5.7.48.1.5', critical: false, value: Buffer.from([5, 0]) };
const good: ForgedSingle = { serial, thisUpdate: now - hour, nextUpdate: now + day };

function delegate(parent: Authority, o: Partial<LeafOptions> = {}): Promise<Authority> {
  const eku = ['1.3.6.1.5.5.7.3.9'];
  return issueLeaf(parent, { subject: 'CN=Responder', ...life, eku, extensions: [noCheck], ...o });
}

function verify(forged: Partial<ForgedAnswer>, question: Partial<OcspQuestion> = {}): OcspVerdict {
  const bytes = forgeAnswer({ issuer: ca, singles: [good], ...forged });
  return verifyOcspResponse(parseOcspResponse(bytes), { issuer, serial, now, ...question });
}

function byDelegate(signer: Authority, question: Partial<OcspQuestion> = {}, o: Partial<ForgedAnswer> = {}) {
  return verify({ signer, certificates: [signer.der], ...o }, question);
}

test('an answer that the CA itself signed says what it says, by name and by key, with either digest', (t) => {
  for (const by of ['name', 'key'] as const) {
    for (const hash of ['sha1', 'sha256'] as const) {
      const { answer } = verify({ by, singles: [{ ...good, hash }] });
      t.like(answer, {
        status: 'good',
        this_update: now - hour,
        next_update: now + day,
        produced_at: now - hour,
        signer_key: issuer.keyDigest,
        reason: null,
        revoked_at: null,
      });
    }
  }
});

test('revoked comes with its date and reason, on hold is told apart, and unknown is no good', (t) => {
  const status = (single: Partial<ForgedSingle>) => verify({ singles: [{ ...good, ...single }] }).answer;
  t.like(status({ status: 'revoked', revokedAt: now - day, reason: 1 }), {
    status: 'revoked',
    reason: 'keyCompromise',
    revoked_at: now - day,
  });
  t.like(status({ status: 'revoked' }), { status: 'revoked', reason: 'unspecified' });
  t.like(status({ status: 'revoked', reason: 6 }), { status: 'on_hold', reason: 'certificateHold' });
  t.like(status({ status: 'unknown' }), { status: 'unknown', reason: null });
});

test('a certificate that the CA issued for it may sign, with nocheck or where its status is known', async (t) => {
  t.is(byDelegate(await delegate(ca)).answer?.status, 'good');
  const bare = await delegate(ca, { extensions: [] });
  t.regex(byDelegate(bare).problem ?? '', /may have been revoked/);
  t.is(byDelegate(bare, { signerStatus: () => 'good' }).answer?.status, 'good');
});

test('a responder that is revoked may not sign, whatever its certificate says of checking', async (t) => {
  const verdict = byDelegate(await delegate(ca), { signerStatus: () => 'revoked' });
  t.regex(verdict.problem ?? '', /has been revoked/);
});

test('nobody else may sign: no purpose, another CA, another key, not valid now, a device of the CA', async (t) => {
  const problemOf = async (parent: Authority, o: Partial<LeafOptions> = {}) =>
    byDelegate(await delegate(parent, o)).problem ?? '';
  t.regex(await problemOf(ca, { eku: ['clientAuth'] }), /without id-kp-OCSPSigning/);
  t.regex(await problemOf(ca, { eku: [] }), /without id-kp-OCSPSigning/);
  t.regex(await problemOf(ca, { eku: ['2.5.29.37.0'] }), /without id-kp-OCSPSigning/);
  t.regex(await problemOf(ca, { keyUsage: ['keyAgreement'] }), /keyUsage without digitalSignature/);
  t.regex(await problemOf(root), /was not issued by the CA/);
  const namesake = await createRoot({ subject: ca.subject, ...life });
  t.regex(await problemOf(namesake), /did not sign/);
  t.regex(await problemOf(ca, { notAfter: now - minute }), /expired/);
  t.regex(await problemOf(ca, { notBefore: now + hour }), /is not valid before/);
  t.regex(await problemOf(ca, { notBefore: now - minute }), /produced before its responder/);
  const critical = { oid: '1.2.3.4', critical: true, value: Buffer.from([5, 0]) };
  t.regex(await problemOf(ca, { extensions: [noCheck, critical] }), /critical extension 1\.2\.3\.4/);
  const signer = await delegate(ca);
  t.regex(byDelegate(signer, {}, { certificates: [] }).problem ?? '', /no certificate of its responder/);
});

test('a certificate that the configuration names may sign, and only that very one', async (t) => {
  const signer = await createRoot({ subject: 'CN=Outside', ...life });
  const named = { signers: [parseCertificate(signer.der)] };
  t.is(verify({ signer }, named).answer?.status, 'good');
  t.truthy(verify({ signer, certificates: [signer.der] }).problem);
  const other = await createRoot({ subject: 'CN=Outside', ...life });
  t.truthy(verify({ signer: other, certificates: [other.der] }, named).problem);
});

test('a signature that is wrong or weak makes an answer worth nothing', (t) => {
  const bytes = forgeAnswer({ issuer: ca, singles: [good] });
  bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1;
  t.regex(verifyOcspResponse(parseOcspResponse(bytes), { issuer, serial, now }).problem ?? '', /is wrong/);
  t.regex(verify({ digest: 'sha1' }).problem ?? '', /too weak/);
});

test('an answer about another serial number, or the same one of another CA, is no answer', (t) => {
  t.regex(verify({}, { serial: 'a2' }).problem ?? '', /not about the certificate/);
  t.regex(verify({ singles: [{ ...good, issuer: root }] }).problem ?? '', /not about the certificate/);
  t.regex(verify({ singles: [] }).problem ?? '', /not about the certificate/);
});

test('of several single responses the one about the certificate counts, and the one that revokes before all', (t) => {
  const revoked: ForgedSingle = { ...good, status: 'revoked', thisUpdate: now - day };
  const other: ForgedSingle = { ...good, serial: 'a2', status: 'revoked' };
  t.is(verify({ singles: [other, good] }).answer?.status, 'good');
  t.is(verify({ singles: [good, revoked] }).answer?.status, 'revoked');
  const older: ForgedSingle = { ...good, status: 'unknown', thisUpdate: now - 2 * hour };
  t.is(verify({ singles: [older, good] }).answer?.status, 'good');
});

test('times: past its nextUpdate only what revokes counts, and nothing from the future does', (t) => {
  const old = { thisUpdate: now - 2 * day, nextUpdate: now - day };
  t.regex(verify({ singles: [{ ...good, ...old }] }).problem ?? '', /was to be renewed/);
  t.regex(verify({ singles: [{ ...good, ...old, status: 'unknown' }] }).problem ?? '', /was to be renewed/);
  t.is(verify({ singles: [{ ...good, ...old, status: 'revoked' }] }).answer?.status, 'revoked');
  const ahead = { thisUpdate: now + hour, nextUpdate: now + day };
  t.regex(verify({ singles: [{ ...good, ...ahead }] }).problem ?? '', /in the future/);
  t.regex(verify({ singles: [{ ...good, ...ahead, status: 'revoked' }] }).problem ?? '', /in the future/);
  t.regex(verify({ producedAt: now + hour }).problem ?? '', /produced in the future/);
  t.truthy(verify({ singles: [{ ...good, thisUpdate: now + minute }] }).answer, 'clocks may differ a little');
});

test('a nonce has to be the one that was sent, where there is one, and there where it is required', (t) => {
  const nonce = Buffer.alloc(32, 7);
  t.truthy(verify({ nonce }, { nonce, nonceRequired: true }).answer);
  t.truthy(verify({}, { nonce }).answer);
  t.regex(verify({}, { nonce, nonceRequired: true }).problem ?? '', /does not repeat the nonce/);
  t.regex(verify({ nonce: Buffer.alloc(32, 8) }, { nonce }).problem ?? '', /another nonce/);
  t.truthy(verify({ nonce }).answer, 'nobody asked for one');
});

test('critical extensions that are unknown make an answer unusable, of the whole and of the single response', (t) => {
  const unknown = extension('1.2.3.4', true, octetString(Buffer.from([1])));
  const harmless = extension('1.2.3.5', false, octetString(Buffer.from([1])));
  t.regex(verify({ extensions: [unknown] }).problem ?? '', /critical extension 1\.2\.3\.4/);
  t.regex(verify({ singles: [{ ...good, extensions: [unknown] }] }).problem ?? '', /1\.2\.3\.4/);
  t.truthy(verify({ extensions: [harmless], singles: [{ ...good, extensions: [harmless] }] }).answer);
});

test('a responder that gives no answer says so; what passes is told apart from what does not', (t) => {
  const question = { issuer, serial, now };
  const verdictOf = (status: number) => verifyOcspResponse(parseOcspResponse(forgeRefusal(status)), question);
  t.deepEqual(verdictOf(3), { problem: 'the responder answers try_later', passing: true });
  t.deepEqual(verdictOf(2), { problem: 'the responder answers internal_error', passing: true });
  t.deepEqual(verdictOf(6), { problem: 'the responder answers unauthorized', passing: false });
  t.deepEqual(verdictOf(1), { problem: 'the responder answers malformed_request', passing: false });
});
