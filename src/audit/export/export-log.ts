import { readFileSync } from 'node:fs';
import { formatInstant } from '../../lib/clock.ts';
import type { EpochMs } from '../../lib/clock.ts';
import { PortreeveError } from '../../lib/errors.ts';
import type { ZipFile } from '../../lib/zip.ts';
import { keptCheckpointsPath, keyListPath } from '../log/types.ts';
import { parseCheckpoint } from '../tlog/checkpoint.ts';
import type { SignedCheckpoint } from '../tlog/checkpoint.ts';
import { checkpointPath, readEntries } from '../tlog/log-files.ts';
import { hashesAt, tilePath, tileWidth, widthAt } from '../tlog/tile-path.ts';
import type { TileName } from '../tlog/tile-path.ts';
import { exportPath, recordsFolder } from '../verify/beside.ts';
import { proveEntry } from '../verify/entry-proof.ts';
import { firstThere } from '../verify/first-there.ts';
import type { LogPlace } from '../verify/place.ts';
import { readTileBytes } from '../verify/read-tiles.ts';
import { firstSince } from '../verify/since.ts';
import { anchorFolder, cosignedCheckpointPath, witnessFolder } from '../witness/types.ts';
import { digestsIn } from './digests.ts';
import type { Content } from './digests.ts';
import { namedContent } from './named-content.ts';
import type { NamedContent, ReadKept } from './named-content.ts';
import { exportReadme } from './readme.ts';

export interface ExportOptions {
  /** Records from then on, with those that stand in the same bundle before. */
  readonly since?: EpochMs;
  /** Checkpoints that the receiver holds: what ties those of this log to the export goes into it. */
  readonly held?: readonly Pick<SignedCheckpoint, 'origin' | 'size'>[];
  readonly now: EpochMs;
  /** The program that makes it, for the reader. */
  readonly program: string;
  /** Bytes that a digest names, of what records were made from; undefined where they were not kept. */
  readonly kept: ReadKept;
  readonly onTotal?: (entries: number) => void;
  readonly onEntries?: (count: number) => void;
}

/** What became of an export, known once all its files were taken. */
export interface ExportSummary {
  origin: string;
  from: number;
  size: number;
  /** Files of what records name by digest. */
  kept: number;
  /** What records name by digest and was not kept. */
  missing: Omit<NamedContent, 'bytes'>[];
}

/** Bundles whose records go into one file of lines. */
const bundlesAFile = 256;

/**
 * The files of an export: a part of the log in its own layout, which verifies as the log does (bundles of entries from
 * `since` on, their tiles, and those above that tie them to the checkpoint), its records as lines, its keys and earlier
 * checkpoints, what outsiders said, what records name by digest, proofs of the first and last record as examples, and what
 * verifies it. Throws PDP_NOT_FOUND where the log has no checkpoint or lacks a file.
 */
export async function* exportFiles(
  place: LogPlace,
  summary: ExportSummary,
  options: ExportOptions,
): AsyncGenerator<ZipFile> {
  const checkpoint = await checkpointOf(place);
  const { size, origin } = checkpoint;
  const there = await firstThere(place, size);
  const from = options.since === undefined ? there : await firstSince(place, size, there, options.since);
  Object.assign(summary, { origin, from, size });
  options.onTotal?.(size - from);
  const about = { origin, size, from, exported_at: formatInstant(options.now), program: options.program };
  yield text('README.md', exportReadme(about));
  yield { name: 'verify.mjs', bytes: readFileSync(new URL('verify.mjs', import.meta.url)) };
  yield text(exportPath, `${JSON.stringify(about, null, 2)}\n`);
  yield { name: checkpointPath, bytes: checkpoint.bytes };
  yield* asTheyAre(place, [keyListPath]);
  const earlier = (options.held ?? []).filter((one) => one.origin === origin).map((one) => one.size);
  for (const folder of [keptCheckpointsPath, witnessFolder, anchorFolder]) {
    const names = (await place.list(folder)) ?? [];
    const whole = names.filter((name) => !name.endsWith('.tmp')).map((name) => `${folder}/${name}`);
    // No list has it: it is not one of many.
    if (folder === witnessFolder) whole.push(cosignedCheckpointPath);
    for await (const file of asTheyAre(place, [...new Set(whole)])) {
      yield file;
      if (folder === keptCheckpointsPath) earlier.push(...sizeIn(file.bytes));
    }
  }
  const digests = new Map<string, Content>();
  yield* entryFiles(place, { from, size, digests, onEntries: options.onEntries });
  yield* upperTiles(place, from, size);
  const before = earlier.filter((at) => at < from);
  yield* tilesTo(place, before, { from, size });
  for (const index of new Set(size > from ? [from, size - 1] : [])) {
    yield { name: `proofs/${index}.tlog-proof`, bytes: await proveEntry(place, checkpoint, index) };
  }
  yield* keptFiles(digests, summary, options);
}

/** The checkpoint of a log, not verified. Throws PDP_NOT_FOUND where it has none, PDP_INPUT_MALFORMED for what is none. */
export async function checkpointOf(place: LogPlace): Promise<SignedCheckpoint> {
  const bytes = await place.read(checkpointPath);
  if (bytes === undefined) throw new PortreeveError('PDP_NOT_FOUND', `${place.location} has no checkpoint`);
  return parseCheckpoint(bytes);
}

function text(name: string, content: string): ZipFile {
  return { name, bytes: Buffer.from(content) };
}

async function* asTheyAre(place: LogPlace, names: readonly string[]): AsyncGenerator<ZipFile> {
  for (const name of names) {
    const bytes = await place.read(name);
    if (bytes !== undefined) yield { name, bytes };
  }
}

interface EntryWork {
  readonly from: number;
  readonly size: number;
  /** Filled with what records name. */
  readonly digests: Map<string, Content>;
  readonly onEntries: ((count: number) => void) | undefined;
}

/** Bundles with the tiles of their hashes, and the same records as lines. */
async function* entryFiles(
  place: LogPlace,
  { from, size, digests, onEntries }: EntryWork,
): AsyncGenerator<ZipFile> {
  const end = Math.ceil(size / tileWidth);
  for (let first = from / tileWidth; first < end; first += bundlesAFile) {
    const lines: Uint8Array[] = [];
    for (let index = first; index < Math.min(end, first + bundlesAFile); index += 1) {
      const width = widthAt('entries', index, size);
      const entries = await readEntries(place, index, width);
      yield { name: tilePath({ level: 'entries', index, width }), bytes: framed(entries) };
      yield await tileFile(place, { level: 0, index, width });
      for (const entry of entries) {
        digestsIn(entry, digests);
        lines.push(entry, lineFeed);
      }
      onEntries?.(width);
    }
    const name = String(first * tileWidth).padStart(12, '0');
    yield { name: `${recordsFolder}/${name}.ndjson`, bytes: Buffer.concat(lines) };
  }
}

const lineFeed = Buffer.from('\n');

function framed(entries: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(
    entries.flatMap((entry) => [Buffer.of(entry.byteLength >> 8, entry.byteLength & 0xff), entry]),
  );
}

async function tileFile(place: LogPlace, name: TileName): Promise<ZipFile> {
  const bytes = await readTileBytes(place, name);
  if ('code' in bytes) throw new PortreeveError('PDP_NOT_FOUND', `${place.location}: ${bytes.message}`);
  return { name: tilePath(name), bytes, store: true };
}

/** From level 1 on every tile that has a hash over an entry that is exported, or stands at the edge before the first. */
async function* upperTiles(place: LogPlace, from: number, size: number): AsyncGenerator<ZipFile> {
  for (let level = 1; hashesAt(level, size) > 0; level += 1) {
    const end = Math.ceil(hashesAt(level, size) / tileWidth);
    for (let index = Math.floor(hashesAt(level, from) / tileWidth); index < end; index += 1) {
      yield await tileFile(place, { level, index, width: widthAt(level, index, size) });
    }
  }
}

/**
 * The tiles that tie earlier trees to the current one and do not come with the entries: of every level the one that the
 * earlier tree ends in. What retention has taken is left out, and verification says so.
 */
async function* tilesTo(
  place: LogPlace,
  earlier: readonly number[],
  { from, size }: { readonly from: number; readonly size: number },
): AsyncGenerator<ZipFile> {
  const given = new Set<string>();
  for (const at of earlier) {
    for (let level = 0; hashesAt(level, size) > 0; level += 1) {
      const index = Math.floor(hashesAt(level, at) / tileWidth);
      const name = { level, index, width: widthAt(level, index, size) };
      const path = tilePath(name);
      const isThere = index >= Math.floor(hashesAt(level, from) / tileWidth) || given.has(path);
      if (isThere || name.width === 0) continue;
      given.add(path);
      const bytes = await readTileBytes(place, name);
      if (Buffer.isBuffer(bytes)) yield { name: path, bytes, store: true };
    }
  }
}

/** The size that a checkpoint says; none for what is no checkpoint, which verification tells. */
function sizeIn(bytes: Uint8Array): readonly number[] {
  try {
    return [parseCheckpoint(bytes).size];
  } catch {
    return [];
  }
}

async function* keptFiles(
  digests: ReadonlyMap<string, Content>,
  summary: ExportSummary,
  { kept }: ExportOptions,
): AsyncGenerator<ZipFile> {
  for await (const { digest, content, bytes } of namedContent(digests, kept)) {
    if (bytes === undefined) {
      summary.missing.push({ digest, content });
      continue;
    }
    summary.kept += 1;
    yield { name: `kept/${digest}`, bytes };
  }
}
