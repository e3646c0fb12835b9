import { tileWidth } from '../tlog/tile-path.ts';

/** Tiles whose terms come to stand in one run. */
export const groupTiles = 64;

/** Entries of a group; the place of one in it is its position. */
export const groupEntries = groupTiles * tileWidth;

/** First tile of the group that has this one. */
export function groupOf(tile: number): number {
  return tile - (tile % groupTiles);
}
