import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { sha256Hex } from '../../../src/lib/bytes.ts';
import { verifyStatement } from '../../../src/server/sources/statement.ts';
import { onlyObject, portreeveHere as portreeve } from './helpers/run.ts';

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

function folderWithKey(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-sign-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
  writeFileSync(join(folder, 'key.jwk'), JSON.stringify(privateKey.export({ format: 'jwk' })));
  writeFileSync(join(folder, 'devices.ndjson'), 'one\n');
  return folder;
}

for (const key of ['key.pem', 'key.jwk']) {
  test(`what is signed with ${key} is a statement that servers take`, async (t) => {
    const cwd = folderWithKey(t);
    const args = [
      '--kind',
      'devices',
      '--name',
      'office',
      '--key',
      key,
      '--sequence',
      '42',
      '--until',
      '2027-01-01T00:00:00Z',
      '--json',
    ];
    const run = await portreeve(['sign', 'devices.ndjson', ...args], { cwd });
    t.is(run.code, 0, run.stdout);
    const sha256 = sha256Hex(Buffer.from('one\n'));
    t.like(onlyObject(run), {
      kind: 'devices',
      name: 'office',
      sequence: 42,
      sha256,
      until: '2027-01-01T00:00:00.000Z',
    });
    const text = readFileSync(join(cwd, 'devices.ndjson.jws'), 'utf8');
    const wanted = { kind: 'devices', now: Date.UTC(2026, 5, 1), about: 'x' } as const;
    const until = Date.UTC(2027, 0, 1);
    t.deepEqual(await verifyStatement(text, [publicKey], wanted), {
      kind: 'devices',
      name: 'office',
      sequence: 42,
      sha256,
      until,
    });
  });
}

const refused: readonly (readonly [string, readonly string[]])[] = [
  ['no such file', ['gone', '--kind', 'devices', '--key', 'key.pem', '--sequence', '1']],
  ['no such key', ['devices.ndjson', '--kind', 'devices', '--key', 'gone', '--sequence', '1']],
  ['no key at all', ['devices.ndjson', '--kind', 'devices', '--key', 'devices.ndjson', '--sequence', '1']],
  ['an unknown kind', ['devices.ndjson', '--kind', 'people', '--key', 'key.pem', '--sequence', '1']],
  ['no sequence', ['devices.ndjson', '--kind', 'devices', '--key', 'key.pem']],
  [
    'a sequence that is none',
    ['devices.ndjson', '--kind', 'devices', '--key', 'key.pem', '--sequence', '-1'],
  ],
];
for (const [what, args] of refused) {
  test(`with ${what} nothing is signed: 2`, async (t) => {
    const cwd = folderWithKey(t);
    const run = await portreeve(['sign', ...args, '--json'], { cwd });
    t.is(run.code, 2, run.stdout);
    t.false(existsSync(join(cwd, 'devices.ndjson.jws')));
  });
}
