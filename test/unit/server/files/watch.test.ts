import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { systemClock } from '../../../../src/lib/clock.ts';
import type { Clock } from '../../../../src/lib/clock.ts';
import { fingerprint, largeBytes } from '../../../../src/server/files/fingerprint.ts';
import { startWatching } from '../../../../src/server/files/watch.ts';
import type { FileChange, Watcher } from '../../../../src/server/files/watch.ts';
import { fakeClock } from '../../../helpers/fake-clock.ts';

function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'portreeve-watch-'));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A watcher that looks only when told to (the poll is far away), and what it has handed over. */
async function watching(
  t: ExecutionContext,
  ...paths: string[]
): Promise<{ watcher: Watcher; seen: FileChange[] }> {
  const seen: FileChange[] = [];
  const watcher = await startWatching({
    paths: () => paths,
    pollMs: 3_600_000,
    clock: systemClock,
    onChange: (changes) => void seen.push(...changes),
  });
  t.teardown(() => watcher.stop());
  return { watcher, seen };
}

test('what the first look finds is no change', async (t) => {
  const at = folder(t);
  writeFileSync(join(at, 'a.crl'), 'one');
  const { watcher, seen } = await watching(t, at);
  await watcher.look();
  t.deepEqual(seen, []);
  t.deepEqual(watcher.files(), [join(at, 'a.crl')]);
});

test('a file that is replaced by rename is a change', async (t) => {
  const at = folder(t);
  const file = join(at, 'config.yaml');
  writeFileSync(file, 'one');
  const { watcher, seen } = await watching(t, file);
  writeFileSync(join(at, '.config.tmp'), 'two');
  renameSync(join(at, '.config.tmp'), file);
  await watcher.look();
  t.deepEqual(seen, [{ path: file, state: 'changed' }]);
});

test("a swap of Kubernetes' ..data link changes every file behind it", async (t) => {
  const at = folder(t);
  for (const [version, text] of [
    ['..2026_01', 'one'],
    ['..2026_02', 'two'],
  ] as const) {
    mkdirSync(join(at, version));
    writeFileSync(join(at, version, 'a.crl'), text);
  }
  symlinkSync('..2026_01', join(at, '..data'));
  symlinkSync(join('..data', 'a.crl'), join(at, 'a.crl'));
  const { watcher, seen } = await watching(t, at);
  t.deepEqual(watcher.files(), [join(at, 'a.crl')]);
  symlinkSync('..2026_02', join(at, '..data_tmp'));
  renameSync(join(at, '..data_tmp'), join(at, '..data'));
  await watcher.look();
  t.deepEqual(seen, [{ path: join(at, 'a.crl'), state: 'changed' }]);
});

test('writing in place with the same size is a change, even within one tick of the file system', async (t) => {
  const at = folder(t);
  const file = join(at, 'a');
  writeFileSync(file, 'one');
  const { watcher, seen } = await watching(t, file);
  writeFileSync(file, 'two');
  await watcher.look();
  t.deepEqual(seen, [{ path: file, state: 'changed' }]);
});

test('touching a file, or replacing it by the same bytes, is no change', async (t) => {
  const at = folder(t);
  const file = join(at, 'a');
  writeFileSync(file, 'one');
  const { watcher, seen } = await watching(t, file);
  utimesSync(file, 1_000_000_000, 1_000_000_000);
  await watcher.look();
  writeFileSync(join(at, 'b'), 'one');
  renameSync(join(at, 'b'), file);
  await watcher.look();
  t.deepEqual(seen, []);
});

test('files that come to and go from a watched folder are told, hidden ones are not', async (t) => {
  const at = folder(t);
  writeFileSync(join(at, 'a.crl'), 'one');
  const { watcher, seen } = await watching(t, at);
  writeFileSync(join(at, 'b.crl'), 'two');
  writeFileSync(join(at, '.b.crl.swp'), 'three');
  rmSync(join(at, 'a.crl'));
  await watcher.look();
  t.deepEqual(seen, [
    { path: join(at, 'b.crl'), state: 'new' },
    { path: join(at, 'a.crl'), state: 'gone' },
  ]);
});

test('a file that does not exist yet is new once it does', async (t) => {
  const at = folder(t);
  const file = join(at, 'later', 'a.crl');
  const { watcher, seen } = await watching(t, file);
  await watcher.look();
  t.deepEqual(seen, []);
  mkdirSync(join(at, 'later'));
  writeFileSync(file, 'one');
  await watcher.look();
  t.deepEqual(seen, [{ path: file, state: 'new' }]);
});

test('an event of the file system brings a look forward, long before the poll', async (t) => {
  const at = folder(t);
  const file = join(at, 'a');
  writeFileSync(file, 'one');
  const change = Promise.withResolvers<readonly FileChange[]>();
  const watcher = await startWatching({
    paths: () => [file],
    pollMs: 3_600_000,
    clock: systemClock,
    onChange: (changes) => change.resolve(changes),
  });
  t.teardown(() => watcher.stop());
  writeFileSync(join(at, 'b'), 'two');
  renameSync(join(at, 'b'), file);
  t.deepEqual(await change.promise, [{ path: file, state: 'changed' }]);
});

test('nothing is handed over after the end', async (t) => {
  const at = folder(t);
  const file = join(at, 'a');
  writeFileSync(file, 'one');
  const { watcher, seen } = await watching(t, file);
  watcher.stop();
  writeFileSync(file, 'two');
  await watcher.look();
  t.deepEqual(seen, []);
});

test('what is there and cannot be read is told, and new once it can be', async (t) => {
  const at = folder(t);
  const file = join(at, 'a.crl');
  symlinkSync('nowhere', file);
  mkdirSync(join(at, 'b.crl'));
  const { watcher, seen } = await watching(t, at);
  t.deepEqual(watcher.unreadable(), [file, join(at, 'b.crl')]);
  t.deepEqual(watcher.files(), []);
  rmSync(join(at, 'b.crl'), { recursive: true });
  writeFileSync(join(at, 'nowhere'), 'one');
  await watcher.look();
  t.deepEqual(watcher.unreadable(), []);
  t.deepEqual(seen.map(({ state }) => state).sort(), ['new', 'new']);
});

test('what is written beside a watched file is no reason to look', async (t) => {
  const at = folder(t);
  const file = join(at, 'config.yaml');
  writeFileSync(file, 'one');
  let looks = 0;
  const change = Promise.withResolvers<void>();
  const watcher = await startWatching({
    paths: () => [file],
    pollMs: 3_600_000,
    // Each look asks the time of each file.
    clock: { ...systemClock, now: () => ((looks += 1), systemClock.now()) },
    onChange: () => change.resolve(),
  });
  t.teardown(() => watcher.stop());
  const after = looks;
  for (let line = 0; line < 5; line += 1) {
    writeFileSync(join(at, 'records.ndjson'), `${line}\n`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  t.is(looks, after);
  writeFileSync(file, 'two');
  await t.notThrowsAsync(change.promise);
});

test('a large file is told apart without reading what is in it', async (t) => {
  const at = folder(t);
  const file = join(at, 'large.crl');
  writeFileSync(file, Buffer.alloc(largeBytes + 1));
  const { watcher, seen } = await watching(t, at);
  await watcher.look();
  t.deepEqual(seen, []);
  const found = await fingerprint(file, undefined, Date.now());
  t.is(found?.digest, found?.identity);
  writeFileSync(`${file}.new`, Buffer.alloc(largeBytes + 1, 1));
  renameSync(`${file}.new`, file);
  await watcher.look();
  t.deepEqual(
    seen.filter(({ path }) => path === file),
    [{ path: file, state: 'changed' }],
  );
});

/** A watcher that takes what is written in place only once it has stood still for 200 ms of the given clock. */
async function quietly(
  t: ExecutionContext,
  clock: Clock,
  path: string,
): Promise<{ watcher: Watcher; seen: FileChange[] }> {
  const seen: FileChange[] = [];
  const watcher = await startWatching({
    paths: () => [path],
    pollMs: 3_600_000,
    clock,
    quietMs: 200,
    onChange: (changes) => void seen.push(...changes),
  });
  t.teardown(() => watcher.stop());
  return { watcher, seen };
}

test('a file that is being written in place is no change before it stands still: half of it may be another whole', async (t) => {
  const file = join(folder(t), 'config.yaml');
  writeFileSync(file, 'networks: old');
  const clock = fakeClock(Date.now());
  const { watcher, seen } = await quietly(t, clock, file);
  for (const half of ['', 'networks:', 'networks: new']) {
    writeFileSync(file, half);
    await watcher.look();
    clock.advance(150);
    await watcher.look();
    t.deepEqual(seen, [], half);
  }
  clock.advance(60);
  await watcher.look();
  t.deepEqual(seen, [{ path: file, state: 'changed' }]);
});

test('a file that another replaces is whole at once, also where it was being written in place', async (t) => {
  const at = folder(t);
  const file = join(at, 'config.yaml');
  writeFileSync(file, 'one');
  const { watcher, seen } = await quietly(t, fakeClock(Date.now()), file);
  writeFileSync(file, 'half');
  await watcher.look();
  writeFileSync(join(at, 'new'), 'two');
  renameSync(join(at, 'new'), file);
  await watcher.look();
  t.deepEqual(seen, [{ path: file, state: 'changed' }]);
});

test('a file that is removed and written again is no change before it stands still, and never gone', async (t) => {
  const file = join(folder(t), 'config.yaml');
  writeFileSync(file, 'networks: old');
  const clock = fakeClock(Date.now());
  const { watcher, seen } = await quietly(t, clock, file);
  const look = async (): Promise<void> => {
    clock.advance(150);
    await watcher.look();
    t.deepEqual(seen, []);
  };
  rmSync(file);
  await look();
  // What is there now would not do to tell it from the one before: file systems use numbers of files again.
  writeFileSync(`${file}.other`, '');
  writeFileSync(file, 'networks:');
  await look();
  rmSync(file);
  await look();
  writeFileSync(file, 'networks: new');
  await look();
  clock.advance(200);
  await watcher.look();
  t.deepEqual(seen, [{ path: file, state: 'changed' }]);
});

test('a file that comes back as it was is no change', async (t) => {
  const file = join(folder(t), 'config.yaml');
  writeFileSync(file, 'one');
  const clock = fakeClock(Date.now());
  const { watcher, seen } = await quietly(t, clock, file);
  rmSync(file);
  await watcher.look();
  writeFileSync(file, 'one');
  await watcher.look();
  clock.advance(10_000);
  await watcher.look();
  t.deepEqual(seen, []);
});

test('a file that goes while it is being written in place is gone once it has been away for long enough', async (t) => {
  const file = join(folder(t), 'config.yaml');
  writeFileSync(file, 'one');
  const clock = fakeClock(Date.now());
  const { watcher, seen } = await quietly(t, clock, file);
  writeFileSync(file, 'half');
  await watcher.look();
  rmSync(file);
  await watcher.look();
  t.deepEqual(seen, []);
  clock.advance(200);
  await watcher.look();
  writeFileSync(file, 'whole');
  await watcher.look();
  t.deepEqual(
    seen.map(({ state }) => state),
    ['gone', 'new'],
  );
});

test('what was written in place is looked at again once it may be whole, without any event or poll', async (t) => {
  const file = join(folder(t), 'config.yaml');
  writeFileSync(file, 'one');
  const change = Promise.withResolvers<readonly FileChange[]>();
  const watcher = await startWatching({
    paths: () => [file],
    pollMs: 3_600_000,
    clock: systemClock,
    quietMs: 200,
    onChange: (changes) => change.resolve(changes),
  });
  t.teardown(() => watcher.stop());
  writeFileSync(file, 'two');
  t.deepEqual(await change.promise, [{ path: file, state: 'changed' }]);
});
