import { isUtf8 } from 'node:buffer';
import { Readable } from 'node:stream';
import { parse, type Info, type Parser } from 'csv-parse';
import { describeThrown } from '../lib/errors.ts';
import { attributeName, listFields, textFields } from './device-fields.ts';
import { lineBlocks, mostLineBytes, splitLines } from './line-blocks.ts';
import type { ImportRow } from './ndjson-rows.ts';
import type { ProblemList } from './problems.ts';
import { buildDraft } from './record.ts';

const attributePrefix = 'attributes.';

/**
 * Reads CSV (RFC 4180, with a header row that names the fields). An empty cell is an absent field. The items of a
 * list are separated by `|`, or by spaces where the cell has no `|`; a column `attributes.x` is the attribute `x`.
 * What is wrong is reported with its line (of a record over several lines: the last one) and left out.
 */
export async function* csvRows(
  input: AsyncIterable<Uint8Array | string>,
  problems: ProblemList,
): AsyncGenerator<ImportRow> {
  const { parser, end } = startParser(input, problems);
  let header: readonly string[] | undefined;
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: Info }>) {
      const line = info.lines;
      if (header === undefined) {
        header = record;
        if (!soundHeader(header, (message) => problems.add(line, message))) return;
        continue;
      }
      const draft = buildDraft(toFields(header, record), (message) => problems.add(line, message));
      if (draft) yield { line, draft };
    }
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

function isColumn(name: string): boolean {
  if (name.startsWith(attributePrefix)) return attributeName.test(name.slice(attributePrefix.length));
  return Object.hasOwn(textFields, name) || Object.hasOwn(listFields, name);
}

function toFields(header: readonly string[], cells: readonly string[]): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  const attributes: Record<string, string> = {};
  for (const [index, name] of header.entries()) {
    const cell = cells[index] ?? '';
    if (cell === '') continue;
    if (name.startsWith(attributePrefix)) attributes[name.slice(attributePrefix.length)] = cell;
    else fields[name] = Object.hasOwn(listFields, name) ? toItems(cell) : cell;
  }
  return { ...fields, attributes };
}

function toItems(cell: string): string[] {
  const items = cell.includes('|') ? cell.split('|').map((item) => item.trim()) : cell.split(' ');
  return items.filter((item) => item !== '');
}
