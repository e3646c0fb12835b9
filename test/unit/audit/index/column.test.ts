import test from 'ava';
import fc from 'fast-check';
import { ColumnWriter, readColumn } from '../../../../src/audit/index/column.ts';
import { readTables, writeRows, writeTimes } from '../../../../src/audit/index/tile-columns.ts';
import type { TileRow } from '../../../../src/audit/index/tile-columns.ts';
import type { SideFile } from '../../../../src/store/side-file.ts';

/** Writes the texts of rows, null for none, and reads them back. */
function written(writer: ColumnWriter, rows: readonly (string | null)[]): readonly (string | null)[] {
  const places = new Map<string, number>();
  rows.forEach((text, row) => {
    if (text === null) return;
    const bytes = Buffer.from(text);
    if (!places.has(text)) places.set(text, writer.add(bytes, 0, bytes.byteLength));
    writer.set(row, places.get(text) as number);
  });
  const { texts, rows: found } = readColumn(writer.finish(rows.length), rows.length);
  return Array.from(found, (place) => texts[place - 1] ?? null);
}

test('a column gives back which text each row has, one column after the other', (t) => {
  const writer = new ColumnWriter();
  const text = fc.oneof(
    fc.constantFrom('spiffe://a/1', 'spiffe://a/2', 'spiffe://b', '', 'é', 'è'),
    fc.string(),
  );
  const rows = fc.oneof(
    fc.array(fc.option(text), { maxLength: 300 }),
    fc.uniqueArray(text, { maxLength: 300 }),
    fc.tuple(text, fc.nat(600)).map(([one, count]) => Array<string>(count).fill(one)),
    fc.nat(1000).map((count) => Array.from({ length: count }, (_, row) => `device-${row % 400}`)),
  );
  fc.assert(
    fc.property(rows, (one) => {
      t.deepEqual(written(writer, one), one);
    }),
  );
});

test('the rows of a tile come back as they were, in the order of the log or not', (t) => {
  const row = fc.record({
    place: fc.nat(255),
    time: fc.oneof(fc.nat(50_000), fc.nat(), fc.constantFrom(-62_135_596_800_000, 253_402_300_799_999, 0)),
    isGroup: fc.boolean(),
    count: fc.oneof(fc.constant(1), fc.maxSafeNat()),
  });
  const plain = fc
    .array(fc.nat(70_000), { minLength: 256, maxLength: 256 })
    .map((times) => times.map((time, place) => ({ place, time, isGroup: false, count: 1 })));
  fc.assert(
    fc.property(
      fc.oneof(fc.array(row, { minLength: 1, maxLength: 400 }), plain),
      (rows: readonly TileRow[]) => {
        const times = rows.map(({ time }) => time);
        const [first, last] = [Math.min(...times), Math.max(...times)];
        const cells = {
          tile: 3,
          first_time: first,
          rows: writeRows(rows),
          times: writeTimes(rows, first, last),
        };
        const index = { iterate: () => [cells].values() } as unknown as SideFile;
        for (const table of readTables(index, [], 3, 3)) {
          const found = Array.from({ length: table.length }, (_, at) => ({
            ...{
              place: table.place(at),
              time: table.time(at),
              isGroup: table.isGroup(at),
              count: table.count(at),
            },
          }));
          t.deepEqual(found, rows);
        }
      },
    ),
  );
});
