import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLog } from '../../src/audit/log/open-log.ts';
import { folderFiles } from '../../src/audit/log/folder-files.ts';
import { readKeyList } from '../../src/audit/log/keys.ts';
import type { Log, LogOptions } from '../../src/audit/log/types.ts';
import { openCheckpoint } from '../../src/audit/tlog/checkpoint.ts';
import type { SignedCheckpoint } from '../../src/audit/tlog/checkpoint.ts';
import { rootOf } from '../../src/audit/tlog/frontier.ts';
import { leafHash } from '../../src/audit/tlog/hash.ts';
import { readEntries } from '../../src/audit/tlog/log-files.ts';
import { parseVerifier } from '../../src/audit/tlog/note.ts';
import { rootFromTiles } from '../../src/audit/tlog/prove.ts';
import { tileWidth, widthAt } from '../../src/audit/tlog/tile-path.ts';

interface Test {
  teardown(step: () => unknown): void;
}

/** A folder for a log, its options, and how to open it. */
export function logFolder(
  t: Test,
  more: Partial<LogOptions> = {},
): { folder: string; options: LogOptions; open: (others?: Partial<LogOptions>) => Log } {
  const root = mkdtempSync(join(tmpdir(), 'portreeve-tiles-'));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  const options: LogOptions = {
    defaultOrigin: 'portreeve/test',
    keyFile: join(root, 'key.pem'),
    mode: 'strict',
    flushMs: 20,
    now: () => 1_780_000_000_000,
    // Checkpoints come when a test asks for them.
    checkpointMs: 3_600_000,
    pid: process.pid,
    ...more,
  };
  const folder = join(root, 'log');
  return { folder, options, open: (others) => openLog(folder, { ...options, ...others }) };
}

/** Lines that look like records: some short, some long. */
export function someRecords(from: number, count: number): string[] {
  return Array.from({ length: count }, (_, place) =>
    JSON.stringify({ n: from + place, text: 'ä'.repeat(((from + place) * 7) % 50) }),
  );
}

/** Everything that a log's checkpoint covers, each byte of it held against the checkpoint and its keys. */
export async function provedEntries(
  folder: string,
): Promise<{ checkpoint: SignedCheckpoint; entries: readonly string[] }> {
  const files = folderFiles(folder);
  const keys = (await readKeyList(files))?.keys ?? [];
  const bytes = readFileSync(join(folder, 'checkpoint'));
  const checkpoint = openCheckpoint(
    bytes,
    keys.map(({ key }) => parseVerifier(key)),
  );
  const { size, root } = checkpoint;
  const entries: Uint8Array[] = [];
  for (let index = 0; index * tileWidth < size; index += 1) {
    entries.push(...(await readEntries(files, index, widthAt('entries', index, size))));
  }
  const ofEntries = rootOf(entries.map(leafHash));
  if (Buffer.compare(ofEntries, root) !== 0) throw new Error('the entries are not those of the checkpoint');
  if (size > 0 && Buffer.compare(await rootFromTiles(files, size), root) !== 0)
    throw new Error('the tiles are not those of the checkpoint');
  return { checkpoint, entries: entries.map((entry) => Buffer.from(entry).toString('utf8')) };
}

/** The checkpoint's file; undefined where there is none. */
export function checkpointIn(folder: string): string | undefined {
  const path = join(folder, 'checkpoint');
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}
