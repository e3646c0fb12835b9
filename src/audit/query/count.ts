import type { EpochMs } from '../../lib/clock.ts';
import type { Cell, Row, SideFile } from '../../store/side-file.ts';
import { countedValue } from '../index/add-tile.ts';
import { findHits, isExact } from '../index/hits.ts';
import type { Range } from '../index/hits.ts';
import { coveredBy } from '../index/index-file.ts';
import type { CountedField } from '../index/schema.ts';
import type { RecordLog } from '../sources/types.ts';
import { tileWidth } from '../tlog/tile-path.ts';
import { valuesOf } from './fields.ts';
import type { AnyRecord } from './fields.ts';
import { createPartMatcher, wantedOf } from './filter.ts';
import type { Filter } from './filter.ts';
import { decidedKinds, partsOf } from './parts.ts';
import { searchLog } from './search.ts';
import type { SearchedLog } from './search.ts';
import type { ScanOptions } from './scan-tree.ts';

export interface CountOptions extends ScanOptions {
  readonly filter: Filter;
  readonly by: readonly CountedField[];
  /** Records of decisions alone, and not of acts and signs of life. */
  readonly decided: boolean;
  /** Length of a time span (ms); undefined: all in one. */
  readonly per: number | undefined;
}

/** How many decisions have these values. */
export interface Counted {
  /** Begin of the span; null without spans. */
  readonly from: EpochMs | null;
  /** In the order of `by`; null where the record has none, or it was redacted. */
  readonly values: readonly (string | null)[];
  readonly count: number;
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
  const tally = new Tally(options);
  const holds = createPartMatcher(options.filter);
  const isCounted = (part: AnyRecord): boolean =>
    holds(part) && (!options.decided || decidedKinds.includes(part['kind'] as string));
  let byIndex = 0;
  for (const searched of logs) {
    const { log, index } = searched;
    const covered = index && isExact(options.filter) ? rangeOf(index, log) : undefined;
    if (index && covered) {
      const before = tally.total;
      countByIndex(index, covered, options, tally);
      byIndex += tally.total - before;
    }
    for (const range of outside(covered)) {
      const search = { ...options, order: 'oldest' as const, range, most: Infinity };
      const part = covered ? { ...searched, index: undefined } : searched;
      for await (const { record, time } of searchLog(part, options.filter, search))
        for (const { record: own, count } of partsOf(record)) {
          if (!isCounted(own)) continue;
          const values = options.by.map((field) => countedValue(field, valuesOf(own, field)) ?? null);
          tally.add(time, values, count);
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

/** Without a filter by values SQLite itself counts; else the rows of what was found are looked at. */
function countByIndex(index: SideFile, range: Range, options: CountOptions, tally: Tally): void {
  const { filter, by, per, decided } = options;
  const words = new Words(index);
  const kinds = decidedKinds.flatMap((kind) => words.id(kind) ?? []);
  const where =
    'WHERE idx >= ? AND idx < ? AND time >= ? AND time < ?' +
    (decided ? ` AND kind IN (${kinds.join(', ')})` : '');
  const times = [filter.since ?? 0, filter.until ?? Number.MAX_SAFE_INTEGER] as const;
  const valuesOfRow = (row: Row): readonly (string | null)[] => by.map((field) => words.text(row[field]));
  if (wantedOf(filter).length === 0) {
    const span = per === undefined ? '0' : `time - time % ${per}`;
    const sql = `SELECT ${[`${span} AS span`, ...by, 'sum(count) AS total'].join(', ')} FROM rows ${where} GROUP BY ${['span', ...by].join(', ')}`;
    for (const row of index.iterate(sql, range.from, range.to, ...times))
      tally.add(Number(row['span']), valuesOfRow(row), Number(row['total']));
    return;
  }
  const holds = createPartMatcher(filter);
  const sql = `SELECT * FROM rows ${where}`;
  for (const { tile, places } of findHits(index, filter, range, 'oldest')) {
    const begin = tile * tileWidth;
    const wanted = new Set(places);
    for (const row of index.all(sql, begin, begin + tileWidth, ...times)) {
      if (!wanted.has(Number(row['idx']) - begin)) continue;
      // Of merged denials only some groups may have all values.
      if (row['part'] !== 0 && !holds(partOf(row, words))) continue;
      tally.add(Number(row['time']), valuesOfRow(row), Number(row['count']));
    }
  }
}

/** A group of merged denials as its row has it. */
function partOf(row: Row, words: Words): AnyRecord {
  const { kind, tenant, outcome, reason, pep, door, network } = row;
  const about = { kind, tenant, outcome, pep, door, network };
  return {
    ...Object.fromEntries(Object.entries(about).map(([name, id]) => [name, words.text(id)])),
    reasons: [words.text(reason)],
  };
}

/** Texts of the index's numbers. */
class Words {
  readonly #index: SideFile;
  readonly #known = new Map<number, string | null>();

  constructor(index: SideFile) {
    this.#index = index;
  }

  id(text: string): number | undefined {
    const id = this.#index.get('SELECT id FROM words WHERE text = ?', text)?.['id'];
    return typeof id === 'number' ? id : undefined;
  }

  text(id: Cell | undefined): string | null {
    if (typeof id !== 'number') return null;
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const text = this.#index.get('SELECT text FROM words WHERE id = ?', id)?.['text'];
    const found = typeof text === 'string' ? text : null;
    this.#known.set(id, found);
    return found;
  }
}

class Tally {
  total = 0;
  readonly #per: number | undefined;
  readonly #counts = new Map<
    string,
    { from: EpochMs | null; values: readonly (string | null)[]; count: number }
  >();

  constructor({ per }: CountOptions) {
    this.#per = per;
  }

  add(time: EpochMs, values: readonly (string | null)[], count: number): void {
    const from = this.#per === undefined ? null : time - (time % this.#per);
    const key = JSON.stringify([from, values]);
    const known = this.#counts.get(key);
    if (known) known.count += count;
    else this.#counts.set(key, { from, values, count });
    this.total += count;
  }

  rows(): readonly Counted[] {
    const text = ({ values }: Counted): string => JSON.stringify(values);
    return [...this.#counts.values()].sort(
      (a, b) => (a.from ?? 0) - (b.from ?? 0) || b.count - a.count || (text(a) < text(b) ? -1 : 1),
    );
  }
}
