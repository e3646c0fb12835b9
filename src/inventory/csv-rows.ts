import { isUtf8 } from 'node:buffer';
import { Readable } from 'node:stream';
import { parse, type Info, type Parser } from 'csv-parse';
import { describeThrown } from '../lib/errors.ts';
import { attributeName, bindingFields, listFields, textFields } from './device-fields.ts';
import { lineBlocks, mostLineBytes, splitLines } from './line-blocks.ts';
import { rowsAtOnce, type ImportRow } from './ndjson-rows.ts';
import type { ProblemList } from './problems.ts';
import { buildDraft, isField } from './record.ts';

const attributePrefix = 'attributes.';

/** Field → column of a foreign CSV file. */
export type ColumnMap = Readonly<Record<string, string>>;

/** Stands for a column that is not read; no column can be called that. */
const leftOut = '\0';

/**
 * Reads CSV (RFC 4180, with a header row that names the fields). An empty cell is an absent field. The items of a
 * list are separated by `|`, or by spaces where the cell has no `|`; a column `attributes.x` is the attribute `x`. A
 * `map` says which column of a foreign file is which field; columns that it does not name are then left out.
 * What is wrong is reported with its line (of a record over several lines: the last one) and left out.
 */
export async function* csvRows(
  input: AsyncIterable<Uint8Array | string>,
  problems: ProblemList,
  map?: ColumnMap,
): AsyncGenerator<readonly ImportRow[]> {
  const { parser, end } = startParser(input, problems);
  let header: readonly string[] | undefined;
  let rows: ImportRow[] = [];
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: Info }>) {
      const line = info.lines;
      if (header === undefined) {
        header =
          map === undefined ? record : mappedHeader(record, map, (message) => problems.add(line, message));
        if (!soundHeader(header, (message) => problems.add(line, message))) return;
        continue;
      }
      const draft = buildDraft(toFields(header, record), (message) => problems.add(line, message));
      if (draft) rows.push({ line, draft });
      if (rows.length < rowsAtOnce) continue;
      yield rows;
      rows = [];
    }
    if (rows.length > 0) yield rows;
    if (header === undefined) problems.add(1, 'the header row is missing');
  } finally {
    end();
  }
}

function startParser(
  input: AsyncIterable<Uint8Array | string>,
  problems: ProblemList,
): { parser: Parser; end: () => void } {
  const parser = parse({
    info: true,
    skip_empty_lines: true,
    max_record_size: mostLineBytes,
    skip_records_with_error: true,
    on_skip: (error) => {
      problems.add(Number(error?.['lines'] ?? 0), `not CSV: ${describeThrown(error)}`);
      return undefined;
    },
  });
  const source = Readable.from(utf8Blocks(input, problems));
  source.on('error', (thrown) => parser.destroy(thrown));
  source.pipe(parser);
  return { parser, end: () => void source.destroy() };
}

/** Hands blocks of lines on, and reports lines that are not UTF-8 (the parser would replace the bad bytes silently). */
async function* utf8Blocks(
  input: AsyncIterable<Uint8Array | string>,
  problems: ProblemList,
): AsyncGenerator<Buffer> {
  for await (const block of lineBlocks(input, problems)) {
    if (!isUtf8(block.bytes)) splitLines(block, problems).forEach(() => undefined);
    yield block.bytes;
  }
}

/** Checks the header once, so that a wrong column is one problem and not one a row. */
function soundHeader(header: readonly string[], report: (message: string) => void): boolean {
  let sound = true;
  const refuse = (message: string): void => {
    sound = false;
    report(message);
  };
  for (const [index, name] of header.entries()) {
    if (name === leftOut) continue;
    if (header.indexOf(name) !== index) refuse(`column ${JSON.stringify(name)} is there twice`);
    else if (!isColumn(name)) {
      refuse(
        `column ${JSON.stringify(name.slice(0, 80))} is not a field of a device; further columns are named attributes.NAME`,
      );
    }
  }
  for (const [name, { required }] of Object.entries(textFields)) {
    if (required && !header.includes(name)) refuse(`column ${name} is missing`);
  }
  return sound;
}

/** The fields that a foreign file's columns are, by its header row; a column that the map names must be there. */
function mappedHeader(
  header: readonly string[],
  map: ColumnMap,
  report: (message: string) => void,
): readonly string[] {
  const fields = new Map<string, string>();
  for (const [field, column] of Object.entries(map)) {
    if (!header.includes(column)) report(`column ${JSON.stringify(column)} (for ${field}) is missing`);
    else if (header.indexOf(column) !== header.lastIndexOf(column))
      report(`column ${JSON.stringify(column)} is there twice`);
    if (fields.has(column)) report(`column ${JSON.stringify(column)} is mapped twice`);
    fields.set(column, field);
  }
  return header.map((column) => fields.get(column) ?? leftOut);
}

function isColumn(name: string): boolean {
  if (name.startsWith(attributePrefix)) return attributeName.test(name.slice(attributePrefix.length));
  return isField(name) && name !== 'attributes';
}

function toFields(header: readonly string[], cells: readonly string[]): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  const attributes: Record<string, string> = {};
  for (const [index, name] of header.entries()) {
    const cell = cells[index] ?? '';
    if (cell === '' || name === leftOut) continue;
    if (name.startsWith(attributePrefix)) attributes[name.slice(attributePrefix.length)] = cell;
    else fields[name] = isList(name) ? toItems(cell) : cell;
  }
  return { ...fields, attributes };
}

function isList(name: string): boolean {
  return Object.hasOwn(listFields, name) || bindingFields.includes(name);
}

function toItems(cell: string): string[] {
  const items = cell.includes('|') ? cell.split('|').map((item) => item.trim()) : cell.split(' ');
  return items.filter((item) => item !== '');
}
