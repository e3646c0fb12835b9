import type { SideFile } from '../../store/side-file.ts';
import { countedValue } from '../index/counted.ts';
import { findHits, isExact } from '../index/hits.ts';
import type { Range } from '../index/hits.ts';
import { coveredBy } from '../index/index-file.ts';
import type { CountedField } from '../index/schema.ts';
import { readTables } from '../index/tile-columns.ts';
import type { TileTable } from '../index/tile-columns.ts';
import type { RecordLog } from '../sources/types.ts';
import { tileWidth } from '../tlog/tile-path.ts';
import { valuesOf } from './fields.ts';
import { createGroupTest, groupFields } from './groups-held.ts';
import type { AnyRecord } from './fields.ts';
import { createPartMatcher, wantedOf } from './filter.ts';
import type { Filter } from './filter.ts';
import { decidedKinds, partsOf } from './parts.ts';
import { searchLog, tellUnreadOf } from './search.ts';
import type { SearchedLog } from './search.ts';
import type { ScanOptions } from './scan-tree.ts';
import { TableTally, Tally } from './tally.ts';
import type { Counted } from './tally.ts';

export interface CountOptions extends ScanOptions {
  readonly filter: Filter;
  readonly by: readonly CountedField[];
  /** Records of decisions alone, and not of acts and signs of life. */
  readonly decided: boolean;
  /** Length of a time span (ms); undefined: all in one. */
  readonly per: number | undefined;
}

export interface CountedRecords {
  /** By time, then the most frequent first. */
  readonly rows: readonly Counted[];
  /** How many of the records were counted by the index alone. */
  readonly by_index: number;
  readonly total: number;
}

/** Counts the records of logs. What an index has is counted by it, all else record by record. Throws as `searchLog`. */
export async function countRecords(
  logs: readonly SearchedLog[],
  options: CountOptions,
): Promise<CountedRecords> {
  const tally = new Tally(options.per);
  const holds = createPartMatcher(options.filter);
  const isCounted = (part: AnyRecord): boolean =>
    holds(part) && (!options.decided || decidedKinds.includes(part['kind'] as string));
  const { onDamaged } = options;
  let byIndex = 0;
  for (const searched of logs) {
    const { log, index } = searched;
    const covered = index && isExact(options.filter) ? rangeOf(index, log) : undefined;
    if (index && covered) {
      const before = tally.total;
      await countByIndex(searched, index, covered, options, tally);
      byIndex += tally.total - before;
      if (log.tree && onDamaged) await tellUnreadOf(log, log.tree, index, options.filter, covered, onDamaged);
    }
    for (const range of outside(covered)) {
      const search = { ...options, order: 'oldest' as const, range, most: Infinity };
      const part = covered ? { ...searched, index: undefined } : searched;
      for await (const { record, time } of searchLog(part, options.filter, search))
        for (const { record: own, count } of partsOf(record)) {
          if (!isCounted(own)) continue;
          const values = options.by.map((field) => countedValue(field, valuesOf(own, field)) ?? null);
          tally.add(tally.spanOf(time), values, count);
        }
    }
  }
  return { rows: tally.rows(), by_index: byIndex, total: tally.total };
}

function rangeOf(index: SideFile, { tree }: RecordLog): Range | undefined {
  const { first, next } = coveredBy(index);
  if (next <= first || !tree) return undefined;
  return { from: Math.max(first * tileWidth, tree.first), to: next * tileWidth };
}

function outside(covered: Range | undefined): readonly Range[] {
  if (!covered) return [{ from: 0, to: Infinity }];
  return [
    { from: 0, to: covered.from },
    { from: covered.to, to: Infinity },
  ].filter(({ from, to }) => from < to);
}

/** Every row of the range without a filter by values, else the rows of what was found. */
async function countByIndex(
  { log }: SearchedLog,
  index: SideFile,
  range: Range,
  options: CountOptions,
  tally: Tally,
): Promise<void> {
  const { filter } = options;
  if (wantedOf(filter).length === 0) {
    const [low, high] = [Math.floor(range.from / tileWidth), Math.ceil(range.to / tileWidth) - 1];
    for (const table of readTables(index, fieldsOf(options), low, high))
      countTable(table, range, options, tally, () => true);
    return;
  }
  const groupHolds = createGroupTest(log, index, filter);
  for (const { tile, places } of findHits(index, filter, range, 'oldest')) {
    const wanted = new Set(places);
    for (const table of readTables(index, [...fieldsOf(options), ...groupFields], tile, tile)) {
      // Of merged denials only some groups may have all values.
      const holds = await groupHolds(table, wanted);
      countTable(
        table,
        range,
        options,
        tally,
        (row) => wanted.has(table.place(row)) && (!table.isGroup(row) || holds(row)),
      );
    }
  }
}

function fieldsOf({ by, decided }: CountOptions): readonly CountedField[] {
  return decided ? [...by, 'kind'] : by;
}

function countTable(
  table: TileTable,
  range: Range,
  { filter, by, decided }: CountOptions,
  tally: Tally,
  isWanted: (row: number) => boolean,
): void {
  const { since = -Infinity, until = Infinity } = filter;
  const columns = by.map((field) => table.column(field));
  const counted = new TableTally(tally, columns);
  const kinds = decided ? table.column('kind') : undefined;
  const isDecided = kinds?.texts.map((kind) => decidedKinds.includes(kind));
  for (let row = 0; row < table.length; row += 1) {
    const [at, time] = [table.tile * tileWidth + table.place(row), table.time(row)];
    if (at < range.from || at >= range.to || time < since || time >= until) continue;
    if (isDecided && isDecided[(kinds?.rows[row] ?? 0) - 1] !== true) continue;
    if (isWanted(row)) counted.add(time, row, table.count(row));
  }
  counted.finish();
}
