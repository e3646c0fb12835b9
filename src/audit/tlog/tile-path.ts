/** Hashes in a full tile, and entries in a full bundle. */
export const tileWidth = 256;

/** Height of a tile: 2 ** 8 hashes. */
export const tileHeight = 8;

/** Which tile: its level (`entries` for a bundle of entries), its place there, and how many hashes are in it. */
export interface TileName {
  readonly level: number | 'entries';
  readonly index: number;
  /** 1 to 256; less than 256 is a partial tile. */
  readonly width: number;
}

/** Path of a tile relative to the log, as C2SP tlog-tiles has it: `tile/0/x001/x234/067.p/8`. */
export function tilePath({ level, index, width }: TileName): string {
  return `tile/${level}/${indexPath(index)}${width === tileWidth ? '' : `.p/${width}`}`;
}

function indexPath(index: number): string {
  const groups = [String(index % 1000).padStart(3, '0')];
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    groups.unshift(`x${String(rest % 1000).padStart(3, '0')}`);
  }
  return groups.join('/');
}

/** Reads such a path; undefined for what is none, as every other way of writing a number. */
export function parseTilePath(path: string): TileName | undefined {
  const found =
    /^tile\/(entries|0|[1-9]\d?)\/((?:x\d{3}\/)*)(\d{3})(?:\.p\/([1-9]\d{0,2}))?$/.exec(path) ?? undefined;
  if (found === undefined) return undefined;
  const [, level = '', high = '', low = '', partial] = found;
  const width = partial === undefined ? tileWidth : Number(partial);
  const index = Number(`${high.replaceAll(/[x/]/g, '')}${low}`);
  const name = { level: level === 'entries' ? ('entries' as const) : Number(level), index, width };
  if (!Number.isSafeInteger(index) || width > tileWidth || (name.level !== 'entries' && name.level > 63)) {
    return undefined;
  }
  return tilePath(name) === path ? name : undefined;
}

/** How many hashes the tree of `size` entries has at a level of tiles. */
export function hashesAt(level: number, size: number): number {
  return Math.floor(size / tileWidth ** level);
}

/** Width of the tile at `index` of a level in the tree of `size` entries; 0 where it has none there. */
export function widthAt(level: number | 'entries', index: number, size: number): number {
  const hashes = hashesAt(level === 'entries' ? 0 : level, size);
  return Math.max(0, Math.min(tileWidth, hashes - index * tileWidth));
}

/**
 * The tiles and bundles that come with a tree of `size` entries and were not there, or narrower, with `before`; levels
 * upwards, a bundle before the tile of its hashes.
 */
export function newTiles(before: number, size: number): readonly TileName[] {
  const names: TileName[] = [];
  for (let level = 0; hashesAt(level, size) > 0; level += 1) {
    const first = Math.floor(hashesAt(level, before) / tileWidth);
    for (let index = first; widthAt(level, index, size) > 0; index += 1) {
      const width = widthAt(level, index, size);
      if (width === widthAt(level, index, before)) continue;
      if (level === 0) names.push({ level: 'entries', index, width });
      names.push({ level, index, width });
    }
  }
  return names;
}
