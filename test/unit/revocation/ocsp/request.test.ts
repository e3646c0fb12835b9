import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { parseCertificate } from '../../../../src/identity/parse.ts';
import { issuerHashes } from '../../../../src/revocation/ocsp/cert-id.ts';
import { ocspRequest } from '../../../../src/revocation/ocsp/request.ts';
import { fleet, temporaryFolder } from '../../../helpers/crl-fixtures.ts';
import { withOpenssl } from '../../../helpers/openssl.ts';

const { ca } = await fleet();
const issuer = parseCertificate(ca.der);

withOpenssl('openssl reads a request with both certificates, the issuer’s digests and the nonce', (t) => {
  const file = join(temporaryFolder(t), 'request.der');
  for (const hash of ['sha1', 'sha256'] as const) {
    writeFileSync(file, ocspRequest(issuer, ['a1', 'ff00'], { hash, nonce: Buffer.alloc(32, 5) }));
    const text = execFileSync('openssl', ['ocsp', '-reqin', file, '-req_text'], { encoding: 'utf8' });
    const { name, key } = issuerHashes(issuer, hash);
    t.regex(text, new RegExp(`Hash Algorithm: ${hash}`));
    t.true(text.includes(`Issuer Name Hash: ${Buffer.from(name).toString('hex').toUpperCase()}`));
    t.true(text.includes(`Issuer Key Hash: ${Buffer.from(key).toString('hex').toUpperCase()}`));
    t.regex(text, /Serial Number: A1\n/);
    t.regex(text, /Serial Number: FF00\n/);
    t.regex(text, /OCSP Nonce:\s+0420(05){32}/);
  }
});

test('a request about nothing, or about too many certificates, is refused', (t) => {
  const limit = { code: 'PDP_LIMIT_EXCEEDED' };
  t.throws(() => ocspRequest(issuer, [], { hash: 'sha1' }), limit);
  t.throws(() => ocspRequest(issuer, Array<string>(17).fill('01'), { hash: 'sha1' }), limit);
});
