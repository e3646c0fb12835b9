import { hash, randomBytes, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import test from 'ava';
import { parseTimestampResponse } from '../../../../src/audit/witness/timestamp-response.ts';
import type { TimestampToken } from '../../../../src/audit/witness/timestamp-response.ts';
import { timestampRequest } from '../../../../src/audit/witness/timestamp-request.ts';
import { verifyTimestamp } from '../../../../src/audit/witness/verify-timestamp.ts';
import type { TimestampQuestion } from '../../../../src/audit/witness/verify-timestamp.ts';
import { createRoot, issueLeaf } from '../../../../src/ca/index.ts';
import type { Leaf, LeafOptions } from '../../../../src/ca/index.ts';
import { parseCertificate } from '../../../../src/identity/parse.ts';
import { derElement } from '../../../../src/lib/der/write.ts';
import { withOpenssl } from '../../../helpers/openssl.ts';
import { openssl, opensslTsa } from '../../../helpers/openssl-tsa.ts';
import type { OpensslTsa, TsaOptions } from '../../../helpers/openssl-tsa.ts';

const data = Buffer.from('example.org/log\n7\nroot\n');
const nonce = Buffer.from('00ff00112233445566778899aabbccdd', 'hex');

function tokenOf(response: Uint8Array): TimestampToken {
  const { token, refusal } = parseTimestampResponse(response);
  if (token === undefined) throw new Error(refusal);
  return token;
}

function anchorsOf({ ca }: OpensslTsa): ReturnType<typeof parseCertificate>[] {
  return [parseCertificate(ca.der)];
}

const kinds: readonly TsaOptions[] = [
  { key: 'rsa-2048', caKey: 'rsa-2048' },
  { key: 'ec-p256', essDigest: 'sha384' },
  { key: 'ec-p384', essDigest: 'sha1', accuracy: false },
];

for (const kind of kinds) {
  withOpenssl(
    `openssl reads our request, and its time-stamp by ${JSON.stringify(kind)} verifies`,
    async (t) => {
      const tsa = await opensslTsa(t, kind);
      const request = timestampRequest(data, { nonce });
      const shown = openssl(['ts', '-query', '-in', tsa.file('q.tsq', request), '-text']);
      t.regex(shown, /Hash Algorithm: sha256/);
      t.regex(shown, /Nonce: 0xFF00112233445566778899AABBCCDD/);
      t.regex(shown, /Certificate required: yes/);

      const before = Math.floor(Date.now() / 1000) * 1000;
      const response = tsa.reply(request);
      const verdict = verifyTimestamp(tokenOf(response), { data, anchors: anchorsOf(tsa), nonce });
      t.is(verdict.problem, undefined);
      t.true((verdict.at as number) >= before && (verdict.at as number) <= Date.now());
      // openssl finds the same.
      const [asked, answered] = [tsa.file('d', data), tsa.file('r.tsr', response)];
      const found = openssl(['ts', '-verify', '-data', asked, '-in', answered, '-CAfile', tsa.caFile]);
      t.regex(found, /Verification: OK/);
    },
  );
}

withOpenssl(
  'a request that openssl made is answered with what verifies, also by another policy',
  async (t) => {
    const tsa = await opensslTsa(t);
    const query = tsa.file('q', '');
    const asked = ['-data', tsa.file('d', data), '-sha512', '-cert', '-tspolicy', '1.2.3.4.5'];
    openssl(['ts', '-query', ...asked, '-out', query]);
    const token = tokenOf(tsa.reply(readFileSync(query)));
    const problem = (policy: string): string | undefined =>
      verifyTimestamp(token, { data, anchors: anchorsOf(tsa), policy }).problem;
    t.is(problem('1.2.3.4.5'), undefined);
    t.is(problem('1.2.3.4.1'), 'it was made by policy 1.2.3.4.5 instead of 1.2.3.4.1');
  },
);

withOpenssl(
  'a time-stamp of something else, for another request or by another authority is refused',
  async (t) => {
    const tsa = await opensslTsa(t);
    const token = tokenOf(tsa.reply(timestampRequest(data, { nonce })));
    const anchors = anchorsOf(tsa);
    const problem = (o: Partial<TimestampQuestion>): string | undefined =>
      verifyTimestamp(token, { data, anchors, ...o }).problem;
    t.is(problem({}), undefined);
    t.is(problem({ data: Buffer.from('other') }), 'it is the stamp of something else: the imprint differs');
    t.is(problem({ nonce: randomBytes(16) }), 'it has another nonce than was sent');
    t.regex(problem({ anchors: [] }) ?? '', /does not lead to a configured authority: chain\./);
    const stranger = await createRoot({
      subject: 'CN=Test TSA Root',
      notBefore: 0,
      notAfter: Date.now() * 2,
    });
    const others = [parseCertificate(stranger.der)];
    t.regex(problem({ anchors: others }) ?? '', /does not lead to a configured authority: chain\./);
    const without = tokenOf(tsa.reply(withoutNonce(timestampRequest(data, { nonce }))));
    t.is(verifyTimestamp(without, { data, anchors, nonce }).problem, 'it does not repeat the nonce');
  },
);

/** The same time-stamp, made by the same key under another certificate: its reference and signature are made anew. */
function under(response: Uint8Array, tsa: OpensslTsa, certificate: Leaf): TimestampToken {
  const bytes = Buffer.from(response);
  const replace = (before: Uint8Array, after: Uint8Array): void => {
    bytes.set(after, bytes.indexOf(before));
  };
  const signature = Buffer.from(tokenOf(response).signed.signer.signature);
  replace(hash('sha256', tsa.signer.der, 'buffer'), hash('sha256', certificate.der, 'buffer'));
  replace(signature, sign('sha256', tokenOf(bytes).signed.signer.signedBytes, tsa.signer.privateKeyPem));
  const token = tokenOf(bytes);
  return { ...token, signed: { ...token.signed, certificates: [certificate.der] } };
}

const timeStamping = '300a06082b06010505070308';
const purposes: readonly (readonly [why: string, critical: boolean, value: string])[] = [
  ['not critical', false, timeStamping],
  ['beside another purpose', true, '301406082b0601050507030806082b06010505070302'],
  ['another purpose', true, '300a06082b06010505070302'],
];

withOpenssl(
  'a certificate whose one critical purpose is not time-stamping signs no time-stamps',
  async (t) => {
    const tsa = await opensslTsa(t, { key: 'rsa-2048' });
    const response = tsa.reply(timestampRequest(data, { nonce }));
    const now = Date.now();
    const make = (extensions: NonNullable<LeafOptions['extensions']>, notAfter = now + 1e9): Promise<Leaf> =>
      issueLeaf(tsa.ca, {
        ...{ subject: 'CN=Test TSA', keyPair: tsa.signer.keys, serial: tsa.signer.serial, eku: [] },
        ...{ notBefore: now - 1e9, notAfter, extensions },
      });
    const judged = (certificate: Leaf): string | undefined =>
      verifyTimestamp(under(response, tsa, certificate), { data, anchors: anchorsOf(tsa), nonce }).problem;
    const purpose = (
      critical: boolean,
      value: string,
    ): { oid: string; critical: boolean; value: Buffer } => ({
      ...{ oid: '2.5.29.37', critical, value: Buffer.from(value, 'hex') },
    });
    t.is(judged(await make([purpose(true, timeStamping)])), undefined);
    const wrong = 'the certificate of CN=Test TSA is not for time-stamping alone';
    t.is(judged(await make([])), wrong);
    for (const [why, critical, value] of purposes) {
      t.is(judged(await make([purpose(critical, value)])), wrong, why);
    }
    const expired = judged(await make([purpose(true, timeStamping)], now - 1e8));
    t.regex(expired ?? '', /does not lead to a configured authority: credential\.expired/);
  },
);

withOpenssl('a time-stamp counts only with the certificate that its signed attributes name', async (t) => {
  const tsa = await opensslTsa(t, { key: 'rsa-2048' });
  const token = tokenOf(tsa.reply(timestampRequest(data, { nonce })));
  const renewed = await issueLeaf(tsa.ca, {
    ...{ subject: 'CN=Test TSA', keyPair: tsa.signer.keys, serial: tsa.signer.serial, eku: [] },
    ...{ notBefore: 0, notAfter: Date.now() + 1e9, extensions: [] },
  });
  const judged = (...certificates: readonly Uint8Array[]): string | undefined =>
    verifyTimestamp(
      { ...token, signed: { ...token.signed, certificates } },
      { data, anchors: anchorsOf(tsa), nonce },
    ).problem;
  t.is(judged(tsa.ca.der, tsa.signer.der, Buffer.from('3000', 'hex')), undefined);
  t.is(judged(renewed.der), "its signed attributes name another certificate than the signer's");
  t.is(judged(tsa.ca.der), 'the certificate of its signer did not come with it');
});

withOpenssl('a time-stamp with a changed octet is refused, or says the same', async (t) => {
  const tsa = await opensslTsa(t, { key: 'ec-p256' });
  const response = Buffer.from(tsa.reply(timestampRequest(data, { nonce })));
  const anchors = anchorsOf(tsa);
  const right = verifyTimestamp(tokenOf(response), { data, anchors, nonce });
  const read = (bytes: Uint8Array): ReturnType<typeof verifyTimestamp> => {
    try {
      return verifyTimestamp(tokenOf(bytes), { data, anchors, nonce });
    } catch (thrown) {
      return { problem: String(thrown) };
    }
  };
  let accepted = 0;
  for (let place = 0; place < response.byteLength; place++) {
    const changed = Buffer.from(response);
    changed[place] = (changed[place] as number) ^ 0x01;
    const verdict = read(changed);
    if (verdict.problem !== undefined) continue;
    accepted += 1;
    t.deepEqual(verdict, right);
  }
  // The status (granted with modifications), and the version and list of digests of SignedData, which nothing rests on.
  t.true(accepted < 20, `${accepted}`);
});

withOpenssl('a refusal is told in words', async (t) => {
  const tsa = await opensslTsa(t);
  const answer = tsa.reply(timestampRequest(data, { nonce, policy: '1.2.3.9.9' }));
  const { token, refusal } = parseTimestampResponse(answer);
  t.is(token, undefined);
  t.regex(refusal ?? '', /^rejection: it does not know the policy/);
});

test('what is no answer, or grants without a token, is refused', (t) => {
  for (const bytes of [Buffer.from('30053003020100', 'hex'), Buffer.from(''), Buffer.alloc(300_000, 0x30)]) {
    t.throws(() => parseTimestampResponse(bytes), { code: 'PDP_DER_INVALID' });
  }
});

test('a request is DER as RFC 3161 has it', (t) => {
  const request = Buffer.from(timestampRequest(Buffer.from(''), { nonce: Buffer.of(1), policy: '1.2.3.4' }));
  t.is(
    request.toString('hex'),
    '3041020101' +
      '3031300d060960864801650304020105000420e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' +
      '06032a03040201010101ff',
  );
});

/** The same request without its nonce: version, imprint, certReq. */
function withoutNonce(request: Uint8Array): Uint8Array {
  const hex = Buffer.from(request).toString('hex');
  return derElement(
    0x30,
    Buffer.from(hex.slice(4).replace('021000ff00112233445566778899aabbccdd', ''), 'hex'),
  );
}
