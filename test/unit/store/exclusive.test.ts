import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { claimFile } from '../../../src/store/exclusive.ts';

function pathIn(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-claim-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  return join(folder, 'deeper', 'log');
}

test('a file has one holder, which the next one is told of, until it is given back', (t) => {
  const path = pathIn(t);
  const first = claimFile(path, 11);
  t.true(first.held);
  t.deepEqual(claimFile(path, 12), { held: false, holder: 11 });
  if (first.held) first.release();
  const next = claimFile(path, 12);
  t.true(next.held);
  t.deepEqual(claimFile(path, 13), { held: false, holder: 12 });
  if (next.held) next.release();
});

test('the lock needs no room, and the file itself is left alone', (t) => {
  const path = pathIn(t);
  const claim = claimFile(path, 11);
  t.is(statSync(`${path}.lock`).size, 0);
  t.false(existsSync(path));
  if (claim.held) claim.release();
});

test('what an ended holder has left behind holds nobody up, and names nobody once it is not a number', (t) => {
  const path = pathIn(t);
  const first = claimFile(path, 11);
  if (first.held) first.release();
  t.is(readFileSync(`${path}.pid`, 'utf8'), '11\n');
  const second = claimFile(path, 12);
  t.true(second.held);
  writeFileSync(`${path}.pid`, 'nobody\n');
  t.deepEqual(claimFile(path, 13), { held: false, holder: null });
  if (second.held) second.release();
});

test('where the lock cannot be tried, that is PDP_STORE_UNAVAILABLE naming it', (t) => {
  const path = pathIn(t);
  const error = t.throws(() => claimFile(`/dev/null/log`, 11), { code: 'PDP_STORE_UNAVAILABLE' });
  t.true(error?.message.includes('/dev/null/log.lock'));
  t.false(existsSync(path));
});
