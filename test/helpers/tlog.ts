import { bundleOf } from '../../src/audit/tlog/entry-bundle.ts';
import { leafHash } from '../../src/audit/tlog/hash.ts';
import type { Hash } from '../../src/audit/tlog/hash.ts';
import type { LogFiles } from '../../src/audit/tlog/log-files.ts';
import { wholeRoot } from '../../src/audit/tlog/prove.ts';
import { newTiles, tilePath, tileWidth } from '../../src/audit/tlog/tile-path.ts';

/** All tiles of a tree over these entries, worked out level by level. */
export function tilesOf(entries: readonly Uint8Array[]): Map<string, Uint8Array> {
  const levels: Hash[][] = [entries.map(leafHash)];
  for (let row = levels[0] as Hash[]; row.length >= tileWidth; row = levels.at(-1) as Hash[]) {
    levels.push(
      Array.from({ length: Math.floor(row.length / tileWidth) }, (_, tile) =>
        wholeRoot(row.slice(tile * tileWidth, (tile + 1) * tileWidth)),
      ),
    );
  }
  const files = new Map<string, Uint8Array>();
  for (const name of newTiles(0, entries.length)) {
    const { level, index, width } = name;
    const [from, to] = [index * tileWidth, index * tileWidth + width];
    files.set(
      tilePath(name),
      level === 'entries'
        ? bundleOf(entries.slice(from, to))
        : Buffer.concat((levels[level] as Hash[]).slice(from, to)),
    );
  }
  return files;
}

export function filesIn(files: ReadonlyMap<string, Uint8Array>): LogFiles {
  return { read: (path) => Promise.resolve(files.get(path)) };
}
