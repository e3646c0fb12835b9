import { parseNetwork } from '../../lib/ip-network.ts';
import type { SideFile } from '../../store/side-file.ts';
import { textAt } from './tally.ts';
import type { TileTable } from '../index/tile-columns.ts';
import { readEntry } from '../sources/read-entry.ts';
import type { RecordLog } from '../sources/types.ts';
import { tileWidth } from '../tlog/tile-path.ts';
import type { AnyRecord, FieldName } from './fields.ts';
import { createPartMatcher, wantedOf } from './filter.ts';
import type { Filter } from './filter.ts';
import { partsOf } from './parts.ts';
import { readHits } from './read-hits.ts';

/** What this program writes of a group of merged denials: columns say it of each. */
export const groupFields = ['kind', 'tenant', 'outcome', 'reason', 'pep', 'door', 'network'] as const;

/** Answers of each row of a table that is a group, at one of these places, whether it has all wanted values. */
type GroupTest = (table: TileTable, places: ReadonlySet<number>) => Promise<(row: number) => boolean>;

/**
 * Makes the test of the groups of merged denials that an index has. Where columns do not tell, since another member is asked
 * for or one address, the records are read. Throws as `readHits`.
 */
export function createGroupTest(log: RecordLog, index: SideFile, filter: Filter): GroupTest {
  const holds = createPartMatcher(filter);
  if (isToldByColumns(filter)) return (table) => Promise.resolve((row) => holds(groupAt(table, row)));
  return async (table, places) => {
    const rows = Array.from({ length: table.length }, (_, row) => row).filter(
      (row) => table.isGroup(row) && places.has(table.place(row)),
    );
    const { tree, origin } = log;
    const read = [...new Set(rows.map((row) => table.place(row)))];
    if (read.length === 0 || !tree) return () => false;
    const held = new Set<number>();
    for (const { index: at, bytes } of await readHits(origin, tree, index, {
      tile: table.tile,
      places: read,
    })) {
      const entry = readEntry(origin, at, bytes);
      const own = rows.filter((row) => table.place(row) === at % tileWidth);
      // Rows of a record stand in the order of its parts.
      partsOf(entry?.record ?? {}).forEach(({ record }, part) => {
        const row = own[part];
        if (entry && row !== undefined && holds(record)) held.add(row);
      });
    }
    return (row) => held.has(row);
  };
}

/** Of a network columns have one alone, in which an address may be. */
function isToldByColumns(filter: Filter): boolean {
  return wantedOf(filter).every(([name, value]) => {
    const network = name === 'network' ? parseNetwork(value) : undefined;
    return (
      (groupFields as readonly FieldName[]).includes(name) && (!network || network.prefix < network.bits)
    );
  });
}

/** A group of merged denials as its row has it. */
function groupAt(table: TileTable, row: number): AnyRecord {
  const entries = groupFields.map((field) => [field, textAt(table.column(field), row)] as const);
  const { reason, ...about } = Object.fromEntries(entries) as Record<(typeof groupFields)[number], unknown>;
  return { ...about, reasons: [reason] };
}
