import { tileWidth } from '../tlog/tile-path.ts';

/** Bytes with a bit for each entry of a tile; a list of so many places is written with one more. */
const bitmapBytes = tileWidth / 8;

/** Writes places within a tile, ascending: one byte each, or a bit for each entry where that is shorter. */
export function writePlaces(places: readonly number[]): Uint8Array {
  if (places.length < bitmapBytes) return Uint8Array.from(places);
  const bits = new Uint8Array(bitmapBytes);
  for (const place of places) bits[place >> 3] = (bits[place >> 3] as number) | (1 << (place & 7));
  return bits;
}

/** Reads places within a tile, ascending. */
export function readPlaces(bytes: Uint8Array): readonly number[] {
  if (bytes.byteLength !== bitmapBytes) return [...bytes];
  const places: number[] = [];
  for (let place = 0; place < tileWidth; place += 1) {
    if (((bytes[place >> 3] as number) >> (place & 7)) & 1) places.push(place);
  }
  return places;
}
