import { equalBytes, sha256Hex } from '../../lib/bytes.ts';
import { hashBytes, leafHash } from '../tlog/hash.ts';
import { tileWidth, widthAt } from '../tlog/tile-path.ts';
import { entriesText } from './findings.ts';
import type { Findings } from './findings.ts';
import type { LogPlace } from './place.ts';
import { readTileBytes } from './read-tiles.ts';

/** What an export says of itself. */
export const exportPath = 'export.json';
export const recordsFolder = 'records';
const keptFolder = 'kept';

/**
 * Checks what lies beside the log: lines of an export's `records/` are the entries, all from `from` on, the first that is
 * there, and files of `kept/` have the digest that is their name. The tiles were verified before.
 */
export async function checkBeside(
  place: LogPlace,
  { from, size }: { readonly from: number; readonly size: number },
  findings: Findings,
): Promise<void> {
  const begin = await exportBegin(place);
  const names = await listed(place, recordsFolder, /^\d{12}\.ndjson$/);
  // Nobody signed what export.json says: by it lines could be left out.
  if (begin !== undefined && begin !== from) {
    const problem = `${exportPath} does not say that the export begins at entry ${from}, as it does`;
    findings.fail('export.differs', from, problem);
  }
  // Whoever reads the lines alone must not miss one.
  let next = from;
  for (const name of names) {
    const lines = await place.read(`${recordsFolder}/${name}`);
    if (lines === undefined) continue;
    const first = Math.min(Number(name.slice(0, 12)), size);
    if (first > next) tellLacking(next, first, findings);
    const end = await checkLines(place, name, lines, size, findings);
    if (end === undefined) next = size;
    else next = Math.max(next, end);
  }
  if (next < size && (names.length > 0 || begin !== undefined)) tellLacking(next, size, findings);
  for (const name of await listed(place, keptFolder, /^[0-9a-f]{64}$/)) {
    const bytes = await place.read(`${keptFolder}/${name}`);
    if (bytes !== undefined && sha256Hex(bytes) !== name) {
      findings.fail('export.differs', null, `${keptFolder}/${name} was changed: its digest is not its name`);
    }
  }
}

/** The first entry of an export that was made of a part of a log; undefined where it is no such export. */
export async function exportBegin(place: LogPlace): Promise<number | undefined> {
  const bytes = await place.read(exportPath);
  try {
    const { from } = JSON.parse(Buffer.from(bytes ?? []).toString('utf8')) as { from?: unknown };
    return typeof from === 'number' ? from : undefined;
  } catch {
    // Not of ours; what it would have said is told otherwise.
    return undefined;
  }
}

async function listed(place: LogPlace, folder: string, form: RegExp): Promise<readonly string[]> {
  return ((await place.list(folder)) ?? []).filter((name) => form.test(name)).sort();
}

function tellLacking(from: number, to: number, findings: Findings): void {
  findings.fail('export.differs', from, `${recordsFolder}/ lacks the lines of ${entriesText(from, to - 1)}`);
}

/** Answers the entry behind its last line; undefined where a line is wrong, which is told. */
async function checkLines(
  place: LogPlace,
  name: string,
  found: Uint8Array,
  size: number,
  findings: Findings,
): Promise<number | undefined> {
  const bytes = Buffer.from(found.buffer, found.byteOffset, found.byteLength);
  let [entry, line, tileIndex] = [Number(name.slice(0, 12)), 1, -1];
  let tile: Buffer | undefined;
  for (let start = 0; start < bytes.byteLength; entry += 1, line += 1) {
    const index = Math.floor(entry / tileWidth);
    if (index !== tileIndex) {
      tile = await hashesOf(place, index, size);
      tileIndex = index;
    }
    const feed = bytes.indexOf(0x0a, start);
    const end = feed < 0 ? bytes.byteLength : feed;
    const at = (entry % tileWidth) * hashBytes;
    if (!tile || !equalBytes(tile.subarray(at, at + hashBytes), leafHash(bytes.subarray(start, end)))) {
      const problem = `${recordsFolder}/${name}: line ${line} is not entry ${entry}`;
      findings.fail('export.differs', entry, problem);
      return undefined;
    }
    start = end + 1;
  }
  return entry;
}

async function hashesOf(place: LogPlace, index: number, size: number): Promise<Buffer | undefined> {
  const width = widthAt(0, index, size);
  const tile = width === 0 ? undefined : await readTileBytes(place, { level: 0, index, width });
  return Buffer.isBuffer(tile) ? tile : undefined;
}
