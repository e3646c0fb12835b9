import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { x509 } from '../../../src/ca/x509.ts';
import { createRoot, issueCrl } from '../../../src/ca/index.ts';
import type { KeyKind } from '../../../src/ca/index.ts';
import { withOpenssl } from '../../helpers/openssl.ts';

const now = 1_800_000_000_000;
const life = { notBefore: now - 86_400_000, notAfter: now + 86_400_000 };
const times = { thisUpdate: now, nextUpdate: now + 3_600_000 };

for (const key of ['ec-p256', 'ec-p521', 'rsa-2048', 'ed25519'] as KeyKind[]) {
  withOpenssl(`openssl verifies a CRL signed with a ${key} key`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'portreeve-ca-'));
    t.teardown(() => rmSync(folder, { recursive: true }));
    const root = await createRoot({ subject: 'CN=Root,O=Example', key, ...life });
    const crl = await issueCrl(root, {
      number: 258,
      ...times,
      revoked: [
        { serial: 'ff01', at: now },
        { serial: '7', at: now, reason: 'keyCompromise' },
      ],
    });
    const [ca, list] = [join(folder, 'ca.pem'), join(folder, 'list.crl')];
    writeFileSync(ca, root.pem);
    writeFileSync(list, crl.pem);
    const text = execFileSync(
      'openssl',
      ['crl', '-in', list, '-CAfile', ca, '-verify', '-noout', '-text', '-nameopt', 'RFC2253'],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
    );
    t.regex(text, /X509v3 CRL Number: \s+258/);
    t.regex(text, /Serial Number: FF01/);
    t.regex(text, /Serial Number: 07[^]*Key Compromise/);
  });
}

test('another reader agrees on entries, reasons and times', async (t) => {
  const root = await createRoot({ subject: 'CN=Root', ...life });
  const crl = await issueCrl(root, {
    number: 'ff',
    ...times,
    revoked: [
      { serial: '80', at: now - 1000, reason: 'certificateHold' },
      { serial: '1234', at: now },
    ],
  });
  const read = new x509.X509Crl(crl.pem);
  t.is(read.issuer, 'CN=Root');
  t.is(read.thisUpdate.getTime(), times.thisUpdate);
  t.is(read.nextUpdate?.getTime(), times.nextUpdate);
  t.deepEqual(
    read.entries.map((entry) => [entry.serialNumber, entry.revocationDate.getTime(), entry.reason]),
    [
      ['80', now - 1000, 6],
      ['1234', now, undefined],
    ],
  );
});

test('a reason that does not exist by name is refused, by number it is written', async (t) => {
  const root = await createRoot({ subject: 'CN=Root', ...life });
  const revoked = [{ serial: '1', at: now, reason: 'lost' }];
  await t.throwsAsync(issueCrl(root, { ...times, revoked }), { code: 'PDP_USAGE' });
  await t.notThrowsAsync(issueCrl(root, { ...times, revoked: [{ serial: '1', at: now, reason: 7 }] }));
});
