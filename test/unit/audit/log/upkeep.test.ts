import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { makeKey, readKeyList } from '../../../../src/audit/log/keys.ts';
import { formerKeyFile, nextKeyFile } from '../../../../src/audit/log/rotate-key.ts';
import type { Rotated } from '../../../../src/audit/log/types.ts';
import { parseCheckpoint } from '../../../../src/audit/tlog/checkpoint.ts';
import { isSignedBy, parseNote, parseVerifier } from '../../../../src/audit/tlog/note.ts';
import { proveConsistency, proveInclusion, rootFromTiles } from '../../../../src/audit/tlog/prove.ts';
import { verifyConsistency } from '../../../../src/audit/tlog/verify-proof.ts';
import { checkpointIn, logFolder, provedEntries, someRecords } from '../../../helpers/log-folder.ts';

const hour = 3_600_000;
const day = 24 * hour;

test('another key takes over: the old one signs it and the record of it, both sign for a while, then the new alone', async (t) => {
  const { folder, open, options } = logFolder(t);
  let now = Date.UTC(2026, 5, 1);
  const told: Rotated[] = [];
  const onRotated = (rotated: Rotated): string => {
    told.push(rotated);
    return JSON.stringify({ act: 'log_key', ...rotated });
  };
  const opening = { now: () => now, onRotated };
  let log = open(opening);
  await log.append(someRecords(0, 3));
  const old = (await log.open()).key;
  t.false(await log.rotate());
  await makeKey(nextKeyFile(options.keyFile));
  t.true(await log.rotate());
  const list = await readKeyList(log.files);
  const fresh = list?.keys[1]?.key ?? '';
  t.deepEqual(told, [{ before: old, after: fresh, succession: list?.keys[1]?.succession ?? '' }]);
  t.deepEqual(
    list?.keys.map(({ key, until }) => [key, until?.size]),
    [
      [old, 4],
      [fresh, undefined],
    ],
  );
  const succession = parseNote(Buffer.from(list?.keys[1]?.succession ?? ''));
  t.true(isSignedBy(succession, parseVerifier(old)));
  t.is(succession.text, `portreeve log key\n${fresh}\n4\n2026-06-01T00:00:00.000Z\n`);
  const signers = (): boolean[] => {
    const { note } = parseCheckpoint(Buffer.from(checkpointIn(folder) ?? ''));
    return [old, fresh].map((key) => isSignedBy(note, parseVerifier(key)));
  };
  t.deepEqual(signers(), [true, true]);
  t.is(statSync(options.keyFile).mode & 0o777, 0o600);
  t.false(existsSync(nextKeyFile(options.keyFile)));
  await log.close();

  log = open(opening);
  await log.append(someRecords(4, 1));
  await log.integrate();
  t.deepEqual(signers(), [true, true]);
  now += day;
  await log.tend();
  await log.append(someRecords(5, 1));
  await log.close();
  t.deepEqual(signers(), [false, true]);
  t.false(existsSync(formerKeyFile(options.keyFile)));
  t.like((await provedEntries(folder)).entries, { 0: someRecords(0, 1)[0], length: 6 });
});

test('a rotation that a kill has interrupted is ended at the next start', async (t) => {
  const { folder, open, options } = logFolder(t);
  let log = open();
  await log.append(someRecords(0, 3));
  await makeKey(nextKeyFile(options.keyFile));
  await log.rotate();
  await log.close();
  // As if it had ended between the list of keys and the key's file.
  renameSync(options.keyFile, nextKeyFile(options.keyFile));
  for (const withOld of [true, false]) {
    if (withOld) renameSync(formerKeyFile(options.keyFile), options.keyFile);
    log = open();
    await log.append(['{}']);
    await log.close();
    t.true(existsSync(options.keyFile));
    t.false(existsSync(nextKeyFile(options.keyFile)));
    if (withOld) renameSync(options.keyFile, nextKeyFile(options.keyFile));
  }
  t.is((await provedEntries(folder)).entries.length, 5);
});

test('a hand-over that fails is told in the log at each attempt, of which there are ever fewer', async (t) => {
  const { folder, open, options } = logFolder(t);
  let now = Date.UTC(2026, 5, 1);
  const log = open({ now: () => now, onRotated: () => '{"act":"log_key"}' });
  await log.append(someRecords(0, 1));
  await makeKey(nextKeyFile(options.keyFile));
  // Nothing can be put where the old key's file is to be kept.
  mkdirSync(join(formerKeyFile(options.keyFile), 'in the way'), { recursive: true });
  let attempts = 0;
  for (let second = 0; second < 600; second += 1) {
    const failed = await log.rotate().then(
      () => false,
      () => true,
    );
    attempts += Number(failed);
    now += 1000;
  }
  // At 0, 1, 3 and 7 minutes.
  t.is(attempts, 4);
  rmSync(formerKeyFile(options.keyFile), { recursive: true });
  now += 3_600_000;
  t.true(await log.rotate());
  await log.append(someRecords(1, 1));
  await log.close();
  const { entries } = await provedEntries(folder);
  t.is(entries.filter((entry) => entry.includes('log_key')).length, attempts + 1);
});

/** Records with a time, one an hour. */
const dated = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, place) =>
    JSON.stringify({ time: new Date(Date.UTC(2026, 0, 1) + (from + place) * hour).toISOString() }),
  );

test('records older than they are kept go in whole bundles, and proofs of all others remain', async (t) => {
  const { folder, open } = logFolder(t);
  const now = Date.UTC(2026, 0, 1) + 1000 * hour;
  const pruned: object[] = [];
  const log = open({
    now: () => now,
    retention: { maxAgeMs: 400 * hour, maxBytes: null },
    onPruned: (one) => (pruned.push(one), '{"act":"log_pruned"}'),
  });
  await log.append(dated(0, 900));
  const before = await log.integrate();
  await log.tend();
  t.deepEqual(pruned, [{ before: 0, minimumIndex: 512 }]);
  t.is(log.stats().minimumIndex, 512);
  t.is(readFileSync(join(folder, 'minimum-index'), 'utf8'), '512\n');
  t.deepEqual(readdirSync(join(folder, 'tile/entries')).sort(), ['002', '003.p']);
  t.deepEqual(readdirSync(join(folder, 'tile/0')).sort(), ['002', '003.p']);
  await log.append(dated(900, 200));
  const after = await log.integrate();
  t.true(verifyConsistency(before, after, await proveConsistency(log.files, before.size, after.size)));
  t.deepEqual(Buffer.from(await rootFromTiles(log.files, after.size)), Buffer.from(after.root));
  for (const index of [512, 700, after.size - 1])
    await t.notThrowsAsync(proveInclusion(log.files, after.size, index));
  await t.throwsAsync(proveInclusion(log.files, after.size, 511), { code: 'PDP_NOT_FOUND' });
  await log.close();
  const again = open({ now: () => now });
  await again.append(['{}']);
  t.is(again.stats().minimumIndex, 512);
  await again.close();
});

test('after a removal a checkpoint that the log has kept can still be held against it', async (t) => {
  const { folder, open } = logFolder(t);
  let now = Date.UTC(2026, 0, 1) + 1000 * hour;
  const log = open({
    now: () => now,
    retention: { maxAgeMs: 400 * hour, maxBytes: null },
    onPruned: () => '{"act":"log_pruned"}',
  });
  await log.append(dated(0, 300));
  const kept = await log.integrate();
  now += hour;
  await log.append(dated(300, 600));
  await log.integrate();
  await log.tend();
  t.is(log.stats().minimumIndex, 512);
  t.deepEqual(readdirSync(join(folder, 'tile/entries')).sort(), ['002', '003.p']);
  t.deepEqual(readdirSync(join(folder, 'tile/0')).sort(), ['001', '002', '003.p']);
  const after = await log.integrate();
  t.true(verifyConsistency(kept, after, await proveConsistency(log.files, kept.size, after.size)));
  await log.close();
});

test('nothing goes without a retention, nor what is not old enough or too much', async (t) => {
  const { folder, open } = logFolder(t);
  const now = Date.UTC(2026, 0, 1) + 1000 * hour;
  for (const retention of [
    undefined,
    { maxAgeMs: null, maxBytes: null },
    { maxAgeMs: 2000 * hour, maxBytes: 1e9 },
  ]) {
    const log = open({ now: () => now, ...(retention && { retention }) });
    await log.append(dated(0, 300));
    await log.integrate();
    await log.tend();
    t.is(log.stats().minimumIndex, 0);
    await log.close();
  }
  t.false(existsSync(join(folder, 'minimum-index')));
});

test('above the most bytes that are allowed the oldest records go', async (t) => {
  const { open } = logFolder(t);
  const log = open({ retention: { maxAgeMs: null, maxBytes: 60_000 } });
  await log.append(dated(0, 3000));
  await log.integrate();
  while (log.stats().bytes === null) await new Promise((resolve) => setTimeout(resolve, 5));
  const before = log.stats().bytes as number;
  await log.tend();
  t.true(log.stats().minimumIndex > 0);
  t.true((log.stats().bytes as number) <= 60_000 + 256 * 40);
  t.true(before > 60_000);
  await log.close();
});

test('one checkpoint of each hour is kept, and one of each day once it is older than a month', async (t) => {
  const { folder, open } = logFolder(t);
  let now = Date.UTC(2026, 0, 1, 22, 30);
  const log = open({ now: () => now });
  for (let size = 0; size < 5; size += 1) {
    await log.append(someRecords(size, 1));
    await log.integrate();
    now += hour / 2;
  }
  const kept = (): string[] => {
    const names = readdirSync(join(folder, 'checkpoints'));
    const files = names.filter((name) => name !== 'list.json').sort();
    const list = readFileSync(join(folder, 'checkpoints/list.json'), 'utf8');
    t.deepEqual(JSON.parse(list), { files }, 'a list names what is there');
    return files;
  };
  t.deepEqual(kept(), ['2026-01-01T22', '2026-01-01T23', '2026-01-02T00']);
  t.is(parseCheckpoint(readFileSync(join(folder, 'checkpoints/2026-01-01T23'))).size, 2);
  now += 40 * day;
  await log.append(someRecords(5, 1));
  await log.integrate();
  t.deepEqual(kept().slice(0, -1), ['2026-01-01T22', '2026-01-02T00']);
  await log.close();
});

test('how long there is room is told from how fast the log grows', async (t) => {
  const { open } = logFolder(t);
  let now = Date.UTC(2026, 0, 1);
  const log = open({ now: () => now, retention: { maxAgeMs: null, maxBytes: 10_000_000 } });
  await log.append(someRecords(0, 300));
  await log.integrate();
  t.is(log.stats().roomDays, null);
  while (log.stats().bytes === null) await new Promise((resolve) => setTimeout(resolve, 5));
  now += day;
  const grown = log.stats().bytes as number;
  const { roomDays } = log.stats();
  t.true(roomDays !== null && roomDays > 0 && roomDays < 10_000_000 / (grown / 4), String(roomDays));
  await log.close();
});
