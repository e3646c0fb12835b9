import type { Cell, Row } from '../../store/side-file.ts';
import { equalBytes } from '../../lib/bytes.ts';
import { tileWidth } from '../tlog/tile-path.ts';
import type { BuiltTiles } from './add-tile.ts';
import { groupOf } from './groups.ts';
import type { IndexPart } from './read-part.ts';
import { restrictRun } from './restrict-run.ts';
import type { BuiltRun } from './run-builder.ts';
import { countedFields, mostBuckets } from './schema.ts';
import type { TileCells } from './tile-values.ts';

/** Tiles from `first` up to below `next`, of one group. */
interface Span {
  readonly first: number;
  readonly next: number;
}

/**
 * The first tile of which an index does not say what these tiles, made anew from the log, say; undefined where there is
 * none. Compared is what is found and counted by it: runs may be cut otherwise than they were made here.
 */
export function firstDifferent(part: IndexPart, { tiles, run }: BuiltTiles, span: Span): number | undefined {
  const first = Math.max(span.first, part.covered.first);
  const cells = tiles.find((one) => one.tile >= first && !hasCells(part.tiles.get(one.tile), one))?.tile;
  const terms = firstTermless(part.runs, run, { first, next: span.next });
  return cells === undefined || terms === undefined ? (cells ?? terms) : Math.min(cells, terms);
}

function hasCells(row: Row | undefined, own: TileCells): boolean {
  if (row === undefined || row['first_time'] !== own.first || row['last_time'] !== own.last) return false;
  const { unread, lengths, rows, times, columns } = own;
  if (row['unread'] !== unread) return false;
  return (
    [lengths, rows, times].every((one, place) =>
      isCell(row[['lengths', 'rows', 'times'][place] as string], one),
    ) && columns.every((one, place) => isCell(row[countedFields[place] as string], one))
  );
}

function isCell(cell: Cell | undefined, own: Uint8Array | null): boolean {
  if (own === null) return cell === null;
  return cell instanceof Uint8Array && equalBytes(cell, own);
}

/** The first tile whose terms the runs do not have as they should. */
function firstTermless(runs: IndexPart['runs'], own: BuiltRun, { first, next }: Span): number | undefined {
  let at = first;
  for (const run of runs) {
    if (run.next <= at) continue;
    if (at >= next) break;
    // The first one may begin before: pruning takes a run when all its tiles are gone.
    const follows = run.first === at || (at === first && run.first < at);
    const { buckets } = run.spread;
    const isRun = Number.isSafeInteger(buckets) && buckets >= 1 && buckets <= mostBuckets;
    if (!follows || !isRun || groupOf(run.first) !== groupOf(run.next - 1)) return at;
    const span = { first: at, next: Math.min(run.next, next) };
    if (!hasTerms(run, own, span)) {
      for (let tile = span.first; tile < span.next - 1; tile += 1)
        if (!hasTerms(run, own, { first: tile, next: tile + 1 })) return tile;
      return span.next - 1;
    }
    at = run.next;
  }
  return at < next ? at : undefined;
}

function hasTerms(found: BuiltRun, own: BuiltRun, { first, next }: Span): boolean {
  const begin = groupOf(first);
  const [from, to] = [(first - begin) * tileWidth, (next - begin) * tileWidth];
  const wanted = restrictRun(own, from, to, found.spread);
  if (wanted === undefined) return false;
  if (isSameRun(found, wanted)) return true;
  const within = restrictRun(found, from, to);
  return within !== undefined && isSameRun(within, wanted);
}

function isSameRun({ buckets: some }: BuiltRun, { buckets: others }: BuiltRun): boolean {
  return (
    some.length === others.length &&
    some.every(([place, bytes], at) => {
      const [other, otherBytes] = others[at] as (typeof others)[number];
      return place === other && equalBytes(bytes, otherBytes);
    })
  );
}
