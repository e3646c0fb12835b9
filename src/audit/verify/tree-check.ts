import { equalBytes } from '../../lib/bytes.ts';
import { hashBytes } from '../tlog/hash.ts';
import type { LogFiles } from '../tlog/log-files.ts';
import type { TreeHead } from '../tlog/verify-proof.ts';
import { hashesAt, tilePath, tileWidth, widthAt } from '../tlog/tile-path.ts';
import { tellDifferences } from './differences.ts';
import { entriesText } from './findings.ts';
import type { Findings } from './findings.ts';
import { readBundleOf, readTileBytes, rightEdge } from './read-tiles.ts';
import { foldPeaks, peaksOfRow, rootOfWhole } from './rows.ts';
import type { Rows } from './rows.ts';
import type { Scan } from './scan.ts';

interface TreeCheck {
  readonly files: LogFiles;
  readonly head: TreeHead;
  readonly scan: Scan;
  readonly findings: Findings;
}

/**
 * Holds the tree that the entries make against what was signed, and every tile against it. Says what is wrong and where,
 * as far as tiles tell: `sound` where the hashes lead to the signed root, `placed` where it is said which entries are
 * others, `other` where all that is known is that they are not those of the checkpoint.
 */
export async function checkTree(check: TreeCheck): Promise<'sound' | 'placed' | 'other'> {
  const { head, scan } = check;
  const { rows, suspects, otherEnd } = scan;
  let sound = equalBytes(rows.root(), head.root);
  let entriesEnd = false;
  if (!sound && otherEnd) {
    // Of a tile that is not full nothing above says whether it or the entries are right; the root does.
    const tile = rows.end();
    rows.replaceEnd(otherEnd);
    entriesEnd = equalBytes(rows.root(), head.root);
    if (!entriesEnd) rows.replaceEnd(tile);
    sound = entriesEnd;
  }
  if (!sound && (await descend(check))) return 'placed';
  let shift = 0;
  for (const { index, believed } of suspects) {
    const end = entriesEnd && index * tileWidth + tileWidth > head.size;
    shift = await tellSuspect(check, index, end ? 'entries' : believed, shift);
  }
  if (!sound) return 'other';
  await checkUpperTiles(check);
  return 'sound';
}

/** Says what is wrong with one bundle and its tile; `believed` is right, or the best that is known. */
async function tellSuspect(
  { files, head: { size }, findings }: TreeCheck,
  index: number,
  believed: string,
  shift: number,
): Promise<number> {
  const width = widthAt('entries', index, size);
  const [first, last] = [index * tileWidth, index * tileWidth + width - 1];
  const bundle = await readBundleOf(files, index, width);
  const tile = await readTileBytes(files, { level: 0, index, width });
  const [path, tileName] = [
    tilePath({ level: 'entries', index, width }),
    tilePath({ level: 0, index, width }),
  ];
  if (!Buffer.isBuffer(tile)) findings.fail(tile.code, first, tile.message);
  if (bundle === undefined) {
    findings.fail('entry.missing', first, `${entriesText(first, last)} are missing: ${path} is not there`);
    return shift;
  }
  if (believed === 'entries') {
    if (!Buffer.isBuffer(tile)) return shift;
    const place = firstDifference(bundle.leaves, tile);
    findings.fail(
      'tile.changed',
      first + place,
      `${tileName} was changed: what it has for entry ${first + place} is not its hash`,
    );
    return shift;
  }
  if (bundle.torn) {
    findings.fail('entry.torn', first + bundle.count, `${path} ends within entry ${first + bundle.count}`);
    if (Buffer.isBuffer(tile) && tile.subarray(0, bundle.leaves.byteLength).equals(bundle.leaves))
      return shift;
  }
  if (!Buffer.isBuffer(tile)) {
    findings.fail('entry.changed', first, `${entriesText(first, last)} are not what was signed`);
    return shift;
  }
  const told = findings.count;
  const after = tellDifferences(bundle.leaves, tile, first, shift, findings);
  // Entries that only moved were told of where they began to.
  if (findings.count === told && shift === 0 && !bundle.torn) {
    findings.fail('entry.changed', first, `${entriesText(first, last)} are not what was signed`);
  }
  return after;
}

function firstDifference(a: Buffer, b: Buffer): number {
  let at = 0;
  while (at < a.byteLength && a[at] === b[at]) at += 1;
  return Math.floor(at / hashBytes);
}

/** Every tile from level 1 on against the hashes that were worked out. */
async function checkUpperTiles({
  files,
  head: { size },
  scan: { rows },
  findings,
}: TreeCheck): Promise<void> {
  for (let level = 1; hashesAt(level, size) > 0; level += 1) {
    const { base, end } = rows.span(level);
    for (let index = base / tileWidth; index * tileWidth < end; index += 1) {
      const width = widthAt(level, index, size);
      const found = await readTileBytes(files, { level, index, width });
      if (!Buffer.isBuffer(found)) findings.fail(found.code, null, found.message);
      else tellTile(found, rows, { level, index, width }, findings);
    }
  }
}

function tellTile(
  found: Buffer,
  rows: Rows,
  name: { readonly level: number; readonly index: number; readonly width: number },
  findings: Findings,
): void {
  const { level, index, width } = name;
  const right = rows.slice(level, index * tileWidth, index * tileWidth + width);
  if (found.equals(right)) return;
  const place = index * tileWidth + firstDifference(found, right);
  const [first, last] = [place * tileWidth ** level, (place + 1) * tileWidth ** level - 1];
  const problem = `what it has for ${entriesText(first, last)} is not the hash over them`;
  findings.fail('tile.changed', first, `${tilePath(name)} was changed: ${problem}`);
}

/**
 * The tree of the entries is another one: goes down from the tiles at the right edge, which the root vouches for, to the
 * lowest ones that it still vouches for, and says below which of them the entries are others. False where not even the
 * edge is what was signed, or nothing could be found in this way.
 */
async function descend(check: TreeCheck): Promise<boolean> {
  const { files, head, scan, findings } = check;
  const edge = await rightEdge(files, head.size);
  if ('code' in edge) return false;
  const peaks = [...edge].reverse().flatMap((row) => peaksOfRow(row));
  if (!equalBytes(foldPeaks(peaks), head.root)) return false;
  const before = findings.wrong.length;
  for (let level = edge.length - 1; level >= 1; level -= 1) {
    const first = hashesAt(level, head.size) - (edge[level] as Buffer).byteLength / hashBytes;
    await compareLevel(check, level, first, edge[level] as Buffer);
  }
  const last = Math.floor(head.size / tileWidth);
  const isSuspect = scan.suspects.some(({ index }) => index === last);
  if (isSuspect && head.size % tileWidth !== 0) await tellSuspect(check, last, 'tile', 0);
  return findings.wrong.length > before;
}

/** `right` are hashes of a level from 1 on that the root vouches for, from place `first` on. */
async function compareLevel(check: TreeCheck, level: number, first: number, right: Buffer): Promise<void> {
  const { rows } = check.scan;
  const { base, end } = rows.span(level);
  for (let place = 0; place * hashBytes < right.byteLength; place += 1) {
    const at = first + place;
    if (at < base || at >= end) continue;
    const hash = right.subarray(place * hashBytes, (place + 1) * hashBytes);
    if (!rows.slice(level, at, at + 1).equals(hash)) await goBelow(check, level - 1, at, hash);
  }
}

/** The full tile `index` of a level has the hash `over`, and the entries below it make another one. */
async function goBelow(check: TreeCheck, level: number, index: number, over: Buffer): Promise<void> {
  const { files, findings } = check;
  const tile = await readTileBytes(files, { level, index, width: tileWidth });
  const isRight = Buffer.isBuffer(tile) && rootOfWhole(tile).equals(over);
  if (isRight && level > 0) return compareLevel(check, level, index * tileWidth, tile);
  if (isRight) {
    await tellSuspect(check, index, 'tile', 0);
    return;
  }
  const [first, last] = [index * tileWidth ** (level + 1), (index + 1) * tileWidth ** (level + 1) - 1];
  const problem = `${entriesText(first, last)} are not what was signed, nor are the hashes over them`;
  findings.fail('entry.changed', first, problem);
}
