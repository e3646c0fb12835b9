import { ByteWriter } from './byte-writer.ts';
import { groupEntries } from './groups.ts';
import type { BuiltRun } from './run-builder.ts';
import { BucketReader, writeTerm } from './run.ts';
import type { Spread } from './run.ts';

/**
 * What a run says of positions from `from` up to below `to`, spread as wanted: the same for every run that says the same,
 * however it came about. Undefined where the run is not as runs are written, and would be read otherwise than it says.
 */
export function restrictRun(
  { spread, buckets }: BuiltRun,
  from: number,
  to: number,
  wanted: Spread = spread,
): BuiltRun | undefined {
  const positions = new Uint16Array(groupEntries);
  const kept = new Uint16Array(groupEntries);
  const out = new ByteWriter(4096);
  const built: (readonly [number, Uint8Array])[] = [];
  let [bucket, last] = [0, -1];
  for (const [place, bytes] of buckets) {
    const reader = new BucketReader(bytes, spread, place);
    while (reader.next()) {
      const { term } = reader;
      // Whoever looks for a term stops at the first that is not below it.
      if (term <= last || term >= (place + 1) * spread.span) return undefined;
      last = term;
      const count = keepWithin(positions, reader.positions(positions), { from, to }, kept);
      if (count === undefined) return undefined;
      if (count === 0) continue;
      const own = Math.floor(term / wanted.span);
      if (own !== bucket && out.length > 0) built.push([bucket, out.take()]);
      bucket = own;
      writeTerm(out, term - own * wanted.span, wanted.width, kept, 0, count);
    }
  }
  if (out.length > 0) built.push([bucket, out.take()]);
  return { spread: wanted, buckets: built };
}

/** How many of the first `count` positions lie within; undefined where they do not ascend within a group. */
function keepWithin(
  positions: Uint16Array,
  count: number,
  { from, to }: { readonly from: number; readonly to: number },
  kept: Uint16Array,
): number | undefined {
  let [before, within] = [-1, 0];
  for (let at = 0; at < count; at += 1) {
    const position = positions[at];
    if (position === undefined || position <= before || position >= groupEntries) return undefined;
    before = position;
    if (position >= from && position < to) kept[within++] = position;
  }
  return within;
}
