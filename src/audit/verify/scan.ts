import { hashBytes } from '../tlog/hash.ts';
import type { Hash } from '../tlog/hash.ts';
import type { LogFiles } from '../tlog/log-files.ts';
import { tileWidth, widthAt } from '../tlog/tile-path.ts';
import type { Bundle } from './bundle.ts';
import { readBundleOf, readTileBytes } from './read-tiles.ts';
import type { Lack } from './read-tiles.ts';
import { rootOfWhole, Rows } from './rows.ts';

export interface ScanOptions {
  readonly files: LogFiles;
  /** Entries that the checkpoint covers. */
  readonly size: number;
  /** First entry that is read, a multiple of 256; the tree before it goes on from `edge`. */
  readonly from: number;
  readonly edge: readonly Buffer[];
  /** Sizes from `from` on at which the root is wanted. */
  readonly wanted: readonly number[];
  /** Told of each bundle whose entries are those of its tile, in order. */
  readonly onBundle: (first: number, bundle: Bundle) => void;
  /** Told how many entries were looked at. */
  readonly onEntries: (count: number) => void;
}

/** A bundle that does not agree with its tile, or one of the two is not right by itself. */
export interface Suspect {
  readonly index: number;
  /** Whose hashes the tree was worked out with: those that agree with the tile above, as far as there is one. */
  readonly believed: 'entries' | 'tile' | 'above' | 'nothing';
}

export interface Scan {
  readonly rows: Rows;
  /** The roots at the sizes that were wanted. */
  readonly roots: ReadonlyMap<number, Hash>;
  readonly suspects: readonly Suspect[];
  /** Hashes of the entries behind the last full bundle, by entries and by tile, where they differ. */
  readonly otherEnd: Buffer | undefined;
}

interface Pair {
  readonly index: number;
  readonly width: number;
  readonly bundle: Bundle | undefined;
  readonly tile: Buffer | Lack;
}

/** Bundles that are read ahead, so that the disk and the hashing work at the same time. */
const ahead = 6;

/** Hashes every entry once, in order, and holds the hashes against the tiles over them. Nothing is judged here. */
export async function scan(options: ScanOptions): Promise<Scan> {
  const { files, size, from, edge, wanted } = options;
  const rows = new Rows(from, edge);
  const roots = new Map<number, Hash>();
  const suspects: Suspect[] = [];
  let otherEnd: Buffer | undefined;
  for await (const pair of pairs(files, from, size)) {
    const { index, width, bundle, tile } = pair;
    const own = bundle?.count === width && !bundle.torn ? bundle.leaves : undefined;
    let leaves = own;
    if (own && Buffer.isBuffer(tile) && own.equals(tile)) {
      rows.push(own);
      options.onBundle(index * tileWidth, bundle as Bundle);
    } else {
      const choice = await choose(options, pair, own);
      suspects.push({ index, believed: choice.believed });
      leaves = choice.leaves;
      if (choice.believed === 'above') rows.pushWhole(choice.above as Buffer);
      else rows.push(leaves ?? Buffer.alloc(width * hashBytes));
      if (width < tileWidth && own && choice.believed === 'tile') otherEnd = own;
    }
    for (const at of wanted) {
      const within = at - index * tileWidth;
      if (leaves && within > 0 && within < width) {
        roots.set(at, rows.rootAt(at, leaves.subarray(0, within * hashBytes)));
      }
    }
    options.onEntries(width);
  }
  for (const at of wanted) {
    if (at === size) roots.set(at, rows.root());
    else if (at % tileWidth === 0) roots.set(at, rows.rootAt(at, Buffer.alloc(0)));
  }
  return { rows, roots, suspects, otherEnd };
}

/** Whose hashes to go on with: what the tile above says, else the tile's, else the entries'. */
async function choose(
  { files, size }: ScanOptions,
  { index, width, tile }: Pair,
  own: Buffer | undefined,
): Promise<Pick<Suspect, 'believed'> & { leaves: Buffer | undefined; above?: Buffer }> {
  const above = width === tileWidth ? await hashAbove(files, index, size) : undefined;
  if (own && above && rootOfWhole(own).equals(above)) return { believed: 'entries', leaves: own };
  if (Buffer.isBuffer(tile)) return { believed: 'tile', leaves: tile };
  if (own) return { believed: 'entries', leaves: own };
  return { believed: above ? 'above' : 'nothing', leaves: undefined, ...(above && { above }) };
}

/** The hash of a full tile of level 0, as the tile of level 1 has it. */
async function hashAbove(files: LogFiles, index: number, size: number): Promise<Buffer | undefined> {
  const above = Math.floor(index / tileWidth);
  const tile = await readTileBytes(files, { level: 1, index: above, width: widthAt(1, above, size) });
  const at = (index % tileWidth) * hashBytes;
  return Buffer.isBuffer(tile) ? tile.subarray(at, at + hashBytes) : undefined;
}

async function* pairs(files: LogFiles, from: number, size: number): AsyncGenerator<Pair> {
  const end = Math.ceil(size / tileWidth);
  const waiting: Promise<Pair>[] = [];
  let next = from / tileWidth;
  while (next < end || waiting.length > 0) {
    while (next < end && waiting.length < ahead) {
      const read = readPair(files, next, size);
      // Told when its turn comes.
      read.catch(() => undefined);
      waiting.push(read);
      next += 1;
    }
    yield await (waiting.shift() as Promise<Pair>);
  }
}

async function readPair(files: LogFiles, index: number, size: number): Promise<Pair> {
  const width = widthAt('entries', index, size);
  const [bundle, tile] = await Promise.all([
    readBundleOf(files, index, width),
    readTileBytes(files, { level: 0, index, width }),
  ]);
  return { index, width, bundle, tile };
}
