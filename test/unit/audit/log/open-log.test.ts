import { generateKeyPairSync } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { Integrated, Opened } from '../../../../src/audit/log/types.ts';
import { cosign, cosignatureOf } from '../../../../src/audit/tlog/cosignature.ts';
import { noteSigner, signatureType } from '../../../../src/audit/tlog/note.ts';
import { proveConsistency } from '../../../../src/audit/tlog/prove.ts';
import { verifyConsistency } from '../../../../src/audit/tlog/verify-proof.ts';
import { fsck, withFsck } from '../../../helpers/fsck.ts';
import { logFolder, provedEntries, someRecords } from '../../../helpers/log-folder.ts';

test('a new log has a key that its owner alone can read, its public key, and a checkpoint of the empty tree', async (t) => {
  const { folder, options, open } = logFolder(t);
  const log = open();
  const opened = await log.open();
  t.like(opened, { origin: 'portreeve/test', created: true, size: 0, unclean: null });
  t.is(statSync(options.keyFile).mode & 0o777, 0o600);
  t.is((await provedEntries(folder)).checkpoint.size, 0);
  const [key] = (
    JSON.parse(readFileSync(join(folder, 'keys/log.json'), 'utf8')) as { keys: { key: string }[] }
  ).keys;
  t.is(key?.key, opened.key);
  t.false(readFileSync(join(folder, 'keys/log.json'), 'utf8').includes('PRIVATE'));
  await log.close();
});

test('records come back as they were appended, in order, under a checkpoint that covers them', async (t) => {
  const { folder, open } = logFolder(t);
  const integrated: Integrated[] = [];
  const log = open({ onIntegrated: (one) => integrated.push(one) });
  const records = someRecords(0, 1000);
  await log.append(records.slice(0, 300));
  const block = Buffer.from(
    records
      .slice(300, 700)
      .map((line) => `${line}\n`)
      .join(''),
  );
  await log.append([{ bytes: block, count: 400 }]);
  await log.integrate();
  await log.append(records.slice(700));
  t.is(log.size, 1000);
  await log.close();
  const { checkpoint, entries } = await provedEntries(folder);
  t.is(checkpoint.size, 1000);
  t.deepEqual(entries, records);
  t.deepEqual(
    integrated.map(({ from, to, checkpoint: { size } }) => [from, to, size]),
    [
      [0, 700, 700],
      [700, 1000, 1000],
    ],
  );
});

test('the log goes on after a checkpoint that comes when its last bundle is exactly full, and after a restart there', async (t) => {
  const { folder, open } = logFolder(t);
  let log = open();
  for (const from of [0, 256, 512]) {
    await log.append(someRecords(from, 256));
    t.is((await log.integrate()).size, from + 256);
  }
  await log.append(someRecords(768, 10));
  await log.integrate();
  await log.append(someRecords(778, 246));
  await log.close();
  log = open();
  t.is((await log.open()).size, 1024);
  await log.append(someRecords(1024, 3));
  await log.close();
  t.deepEqual((await provedEntries(folder)).entries, someRecords(0, 1027));
});

test('after a restart the tree continues the old checkpoint', async (t) => {
  const { folder, open } = logFolder(t);
  let earlier;
  for (const count of [0, 1, 255, 300]) {
    const log = open();
    const { size } = await log.open();
    await log.append(someRecords(size, count));
    await log.close();
    const { checkpoint, entries } = await provedEntries(folder);
    t.deepEqual(entries, someRecords(0, size + count));
    if (earlier) {
      const proof = await proveConsistency(log.files, earlier.size, checkpoint.size);
      t.true(verifyConsistency(earlier, checkpoint, proof));
    }
    earlier = checkpoint;
  }
});

test('partial tiles are there for the checkpoint, and gone once the full one is', async (t) => {
  const { folder, open } = logFolder(t);
  const log = open();
  await log.append(someRecords(0, 200));
  await log.integrate();
  t.deepEqual(readdirSync(join(folder, 'tile/0')), ['000.p']);
  await log.append(someRecords(200, 50));
  await log.integrate();
  t.deepEqual(readdirSync(join(folder, 'tile/entries/000.p')).sort(), ['200', '250']);
  await log.append(someRecords(250, 10));
  await log.integrate();
  t.deepEqual(readdirSync(join(folder, 'tile/0')).sort(), ['000', '001.p']);
  t.deepEqual(readdirSync(join(folder, 'tile/entries')).sort(), ['000', '001.p']);
  t.deepEqual(readdirSync(join(folder, 'tile/1/000.p')), ['1']);
  await log.close();
});

test('a checkpoint comes by itself while there are new entries, and none without', async (t) => {
  const { open } = logFolder(t);
  const sizes: number[] = [];
  const log = open({ checkpointMs: 5, onIntegrated: ({ to }) => sizes.push(to) });
  for (let size = 0; size < 3; size += 1) {
    await log.append(someRecords(size, 1));
    while (sizes.at(-1) !== size + 1) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await new Promise((resolve) => setTimeout(resolve, 30));
  t.deepEqual(sizes, [1, 2, 3]);
  await log.close();
});

test('a second writer is refused, by the name of the first', async (t) => {
  const { open } = logFolder(t);
  const log = open();
  await log.open();
  await t.throwsAsync(open().append(['{}']), {
    code: 'PDP_AUDIT_UNAVAILABLE',
    message: new RegExp(`is written by the process with id ${process.pid}$`),
  });
  await log.close();
  const next = open();
  await next.append(['{}']);
  await next.close();
});

test('a record that is longer than an entry may be is refused, and others are not', async (t) => {
  const { folder, open } = logFolder(t);
  const log = open();
  const longest = JSON.stringify('x'.repeat(65_533));
  await log.append([longest]);
  await t.throwsAsync(log.append([JSON.stringify('x'.repeat(65_534))]), { code: 'PDP_LIMIT_EXCEEDED' });
  await log.append(['{}']);
  await log.close();
  t.deepEqual((await provedEntries(folder)).entries, [longest, '{}']);
});

/** The log after a kill: what is on the disk while the first writer still has it open. */
async function killed(
  t: Parameters<typeof logFolder>[0],
  mode: 'strict' | 'relaxed',
  count = 300,
): Promise<ReturnType<typeof logFolder>> {
  const { folder, options, open } = logFolder(t, { mode });
  const log = open();
  await log.append(someRecords(0, count - 20));
  await log.integrate();
  await log.append(someRecords(count - 20, 20));
  const left = logFolder(t, { mode, keyFile: options.keyFile });
  cpSync(folder, left.folder, { recursive: true });
  await log.close();
  return left;
}

test('after a kill everything that was kept is there, and the next start says how the last one ended', async (t) => {
  for (const mode of ['strict', 'relaxed'] as const) {
    const { folder, open } = await killed(t, mode);
    let told: Opened | undefined;
    const log = open({ onOpened: (opened) => ((told = opened), ['{"act":"gap"}']) });
    await log.append(['{"n":"next"}']);
    await log.close();
    t.like(told, { size: 300, recovered: 20, created: false });
    t.like(told?.unclean, { mode, flushMs: mode === 'strict' ? 0 : 20, tornBytes: 0 });
    t.deepEqual((await provedEntries(folder)).entries, [
      ...someRecords(0, 300),
      '{"act":"gap"}',
      '{"n":"next"}',
    ]);
  }
});

test('how the last writer left the log is known until it is told, whatever befalls those that would tell it', async (t) => {
  const { folder, open } = await killed(t, 'relaxed');
  const failing = open({
    mode: 'strict',
    onOpened: () => {
      throw new Error('killed before it was told');
    },
  });
  await t.throwsAsync(failing.open());
  await failing.close();
  const log = open({ mode: 'strict', onOpened: ({ unclean }) => [JSON.stringify({ told: unclean?.mode })] });
  t.like((await log.open()).unclean, { mode: 'relaxed', flushMs: 20 });
  const left = logFolder(t);
  cpSync(folder, left.folder, { recursive: true });
  await log.close();
  t.is((await provedEntries(folder)).entries.at(-1), '{"told":"relaxed"}');
  // From then on it is this writer that a kill would leave.
  t.regex(readFileSync(join(left.folder, 'journal/session'), 'utf8'), /"mode":"strict"/);
});

test('how the last writer left the log stands there once, however often the log could not be opened', async (t) => {
  for (const mode of ['strict', 'relaxed'] as const) {
    const { folder, open } = await killed(t, mode);
    // What a volume without room for another file does.
    mkdirSync(join(folder, 'journal/session.tmp'));
    const log = open({ mode, onOpened: () => ['{"act":"gap"}'] });
    for (let attempt = 0; attempt < 3; attempt += 1)
      await t.throwsAsync(log.append(['{"n":"lost"}']), { code: 'PDP_AUDIT_UNAVAILABLE' });
    rmSync(join(folder, 'journal/session.tmp'), { recursive: true });
    await log.append(['{"n":"next"}']);
    await log.close();
    t.deepEqual((await provedEntries(folder)).entries.slice(300), ['{"act":"gap"}', '{"n":"next"}']);
  }
});

test('a closed log is not told as torn', async (t) => {
  const { open } = logFolder(t);
  const log = open();
  await log.append(['{}']);
  await log.close();
  const again = open();
  t.is((await again.open()).unclean, null);
  await again.close();
});

test('a log whose writer had more to append than it could is told as one that was not closed', async (t) => {
  const { open } = logFolder(t, { mode: 'relaxed', flushMs: 500 });
  const log = open();
  await log.append(['{}']);
  await log.close(false);
  const again = open();
  t.like((await again.open()).unclean, { mode: 'relaxed', flushMs: 500, tornBytes: 0 });
  await again.close();
});

/** A copy of a log's folder, to be opened in its place. */
function copyOf(
  t: Parameters<typeof logFolder>[0],
  folder: string,
  keyFile: string,
): ReturnType<typeof logFolder> {
  const copy = logFolder(t, { keyFile });
  cpSync(folder, copy.folder, { recursive: true });
  return copy;
}

test('an entry that was torn is cut off, wherever it was, and none before it is lost', async (t) => {
  const { folder, options } = await killed(t, 'strict');
  const journal = join(folder, 'journal/000000000001');
  const whole = readFileSync(journal);
  const last = Buffer.byteLength(someRecords(299, 1)[0] as string) + 2;
  for (let cut = 1; cut <= last; cut += 17) {
    const copy = copyOf(t, folder, options.keyFile);
    truncateSync(join(copy.folder, 'journal/000000000001'), whole.byteLength - cut);
    const log = copy.open();
    t.like((await log.open()).unclean, { tornBytes: last - cut });
    await log.append(['{"n":"next"}']);
    await log.close();
    t.deepEqual((await provedEntries(copy.folder)).entries, [...someRecords(0, 299), '{"n":"next"}']);
  }
});

test('zeros that a crash has left behind the last entry are none', async (t) => {
  const { folder, open } = await killed(t, 'strict');
  appendFileSync(join(folder, 'journal/000000000001'), Buffer.alloc(4096));
  const log = open();
  t.like(await log.open(), { size: 300, recovered: 20 });
  await log.close();
  t.deepEqual((await provedEntries(folder)).entries, someRecords(0, 300));
});

test('a journal that is gone is taken from the published bundle', async (t) => {
  const { folder, open } = await killed(t, 'strict');
  rmSync(join(folder, 'journal'), { recursive: true });
  const log = open();
  t.like(await log.open(), { size: 280, recovered: 0 });
  await log.append(['{}']);
  await log.close();
  t.deepEqual((await provedEntries(folder)).entries, [...someRecords(0, 280), '{}']);
});

for (const [what, damage, message] of [
  [
    'its checkpoint is gone',
    (folder: string) => rmSync(join(folder, 'checkpoint')),
    /its checkpoint is gone/,
  ],
  [
    'its checkpoint is of another key',
    (folder: string) => {
      const path = join(folder, 'checkpoint');
      writeFileSync(path, readFileSync(path, 'utf8').replace('\n280\n', '\n281\n'));
    },
    /is signed by none of portreeve\/test/,
  ],
  [
    'a tile is not what the checkpoint says',
    (folder: string) => flip(join(folder, 'tile/0/001.p/24')),
    /its tiles are not those of its checkpoint/,
  ],
  [
    'a tile is gone',
    (folder: string) => rmSync(join(folder, 'tile/1/000.p'), { recursive: true }),
    /no tile\/1\/000.p\/1/,
  ],
  [
    'journal and published bundle are changed',
    (folder: string) => {
      flip(join(folder, 'journal/000000000001'));
      flip(join(folder, 'tile/entries/001.p/24'));
    },
    /neither .* has the entries 256 to 279/,
  ],
  [
    'its list of keys is gone',
    (folder: string) => rmSync(join(folder, 'keys/log.json')),
    /keys\/log.json is gone/,
  ],
] as const) {
  test(`a log does not go on where ${what}, and nothing in it is changed`, async (t) => {
    const { folder, open } = await killed(t, 'strict');
    damage(folder);
    const before = treeOf(folder);
    await t.throwsAsync(open().append(['{}']), { code: 'PDP_AUDIT_UNAVAILABLE', message });
    t.deepEqual(treeOf(folder), before);
  });
}

test('a log whose private key is gone, or another one, does not go on', async (t) => {
  const { open, options } = await killed(t, 'strict');
  const key = readFileSync(options.keyFile);
  rmSync(options.keyFile);
  await t.throwsAsync(open().append(['{}']), { message: /its key .*key.pem is gone/ });
  const other = logFolder(t);
  const begun = other.open();
  await begun.open();
  await begun.close();
  cpSync(other.options.keyFile, options.keyFile);
  await t.throwsAsync(open().append(['{}']), { message: /is not its key portreeve\/test\+/ });
  writeFileSync(options.keyFile, key);
  const log = open();
  await log.append(['{}']);
  await log.close();
});

test('a log keeps its name, and is refused under another', async (t) => {
  const { open } = logFolder(t);
  const log = open({ origin: 'site.example/log' });
  t.is((await log.open()).origin, 'site.example/log');
  await log.close();
  await t.throwsAsync(open({ origin: 'other.example/log' }).open(), {
    message: /it is the log of site.example\/log, not of other.example\/log/,
  });
  const again = open({ defaultOrigin: 'portreeve/elsewhere' });
  t.is((await again.open()).origin, 'site.example/log');
  await again.close();
});

test('signatures of others are added to the checkpoint that they are for, behind its own', async (t) => {
  const { folder, open } = logFolder(t);
  const log = open();
  await log.append(['{}']);
  const checkpoint = await log.integrate();
  const { privateKey } = generateKeyPairSync('ed25519');
  const witness = noteSigner('witness.example', privateKey, signatureType.cosignature);
  const cosignature = cosign(checkpoint.note.text, witness, 1_780_000_000);
  t.true(await log.countersign(1, [cosignature]));
  const placed = (await provedEntries(folder)).checkpoint;
  t.deepEqual(
    placed.note.signatures.map(({ name }) => name),
    ['portreeve/test', 'witness.example'],
  );
  t.like(cosignatureOf(placed.note, witness.verifier), { timeS: 1_780_000_000 });
  await log.append(['{}']);
  await log.integrate();
  t.false(await log.countersign(1, [cosignature]));
  await log.close();
});

withFsck('another program finds nothing wrong with a log', async (t) => {
  const { folder, open, options } = logFolder(t);
  for (const count of [1, 255, 300]) {
    const log = open();
    const { size, key } = await log.open();
    await log.append(someRecords(size, count));
    await log.close();
    const keyFile = `${options.keyFile}.pub`;
    writeFileSync(keyFile, key);
    const args = [`--storage_url=file://${folder}/`, `--public_key=${keyFile}`, '--ui=false'];
    const { status, stderr } = spawnSync(fsck.path, args, { encoding: 'utf8' });
    t.is(status, 0, stderr);
  }
  flip(join(folder, 'tile/entries/001'));
  const args = [`--storage_url=file://${folder}/`, `--public_key=${options.keyFile}.pub`, '--ui=false'];
  // It then waits for what never comes.
  t.not(spawnSync(fsck.path, args, { timeout: 3000 }).status, 0);
});

function flip(file: string): void {
  const bytes = readFileSync(file);
  bytes[10] = (bytes[10] as number) ^ 1;
  writeFileSync(file, bytes);
}

/** Every file of the log with its bytes, but for the lock. */
function treeOf(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('writer.'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  return Object.fromEntries(files.map((file) => [file, readFileSync(file, 'base64')]));
}
