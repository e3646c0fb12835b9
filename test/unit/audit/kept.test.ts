import test from 'ava';
import type { ExecutionContext } from 'ava';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keep, keepLarge, kept, measureKept } from '../../../src/audit/kept.ts';
import { sha256Hex } from '../../../src/lib/bytes.ts';

function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'portreeve-kept-'));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return join(path, 'kept');
}

const bytes = Buffer.from('{"a":1}');
const digest = sha256Hex(bytes);

test('what was kept is found by its digest, and nothing else lies beside it', (t) => {
  const dir = folder(t);
  keep(dir, digest, bytes);
  keep(dir, sha256Hex('text'), 'text');
  t.deepEqual(Buffer.from(kept(dir, digest)!), bytes);
  t.is(Buffer.from(kept(dir, sha256Hex('text'))!).toString(), 'text');
  t.is(readdirSync(dir).length, 2);
});

test('what was never kept is undefined', (t) => {
  t.is(kept(folder(t), digest), undefined);
});

test('kept bytes are not written again', (t) => {
  const dir = folder(t);
  keep(dir, digest, bytes);
  const { ino } = statSync(join(dir, digest));
  keep(dir, digest, bytes);
  t.is(statSync(join(dir, digest)).ino, ino);
});

test('bytes under another digest are refused', (t) => {
  const dir = folder(t);
  t.throws(() => keep(dir, '00'.repeat(32), bytes), { code: 'PDP_INTERNAL' });
  t.is(kept(dir, '00'.repeat(32)), undefined);
});

test('a kept file that has changed since is not believed', (t) => {
  const dir = folder(t);
  keep(dir, digest, bytes);
  writeFileSync(join(dir, digest), '{"a":2}');
  t.throws(() => kept(dir, digest), { code: 'PDP_AUDIT_UNAVAILABLE', message: /damaged/ });
});

test('what is not a digest never becomes a path', (t) => {
  const dir = folder(t);
  for (const name of ['../secret', '', digest.toUpperCase(), `${digest}/..`, `${digest}\n`, `/${digest}`]) {
    t.throws(() => kept(dir, name), { code: 'PDP_INPUT_MALFORMED' }, name);
    t.throws(() => keep(dir, name, bytes), { code: 'PDP_INPUT_MALFORMED' }, name);
  }
});

test('a folder that cannot be written is PDP_AUDIT_UNAVAILABLE', (t) => {
  const dir = folder(t);
  writeFileSync(dir, 'a file in the way');
  t.throws(() => keep(dir, digest, bytes), { code: 'PDP_AUDIT_UNAVAILABLE' });
});

test('large bytes are kept alike: once, whole, and nothing beside them', async (t) => {
  const dir = folder(t);
  await keepLarge(dir, digest, bytes);
  const { ino } = statSync(join(dir, digest));
  await keepLarge(dir, digest, bytes);
  t.is(statSync(join(dir, digest)).ino, ino);
  t.deepEqual(Buffer.from(kept(dir, digest)!), bytes);
  t.deepEqual(readdirSync(dir), [digest]);
  writeFileSync(join(dir, 'file'), '');
  await t.throwsAsync(keepLarge(join(dir, 'file'), digest, bytes), { code: 'PDP_AUDIT_UNAVAILABLE' });
});

test('what is kept is measured: files and bytes, nothing where nothing was kept yet', async (t) => {
  const dir = folder(t);
  t.deepEqual(await measureKept(dir), { files: 0, bytes: 0 });
  keep(dir, digest, bytes);
  t.deepEqual(await measureKept(dir), { files: 1, bytes: Buffer.byteLength(bytes) });
  t.is(await measureKept(join(dir, digest)), null);
});
