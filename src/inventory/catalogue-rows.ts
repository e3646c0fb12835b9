import { parse } from 'csv-parse/sync';
import { describeThrown, PortreeveError } from '../lib/errors.ts';
import { parseStrictJson, isJsonObject } from '../lib/strict-json.ts';
import type { ColumnMap } from './csv-rows.ts';
import type { ProblemList } from './problems.ts';

/** One row of a small file as it was written: names of fields and what they say, unchecked. */
export interface CatalogueRow {
  readonly line: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What a file of this kind may hold; lists of this length are read into memory whole. */
export const catalogueLimits = { bytes: 16_777_216, rows: 20_000, lineValues: 64 } as const;

export interface CatalogueFile {
  readonly bytes: Uint8Array;
  readonly format: 'ndjson' | 'csv';
  /** Names of the fields that a row may have. */
  readonly fields: readonly string[];
  /** Field → column of a foreign CSV file; columns that it does not name are left out. */
  readonly columns?: ColumnMap | undefined;
}

/**
 * Reads the rows of a catalogue (firmware, delegations): NDJSON, one object of texts a line, or CSV with a header row. An
 * empty cell is an absent field. What is wrong is reported with its line; throws PDP_LIMIT_EXCEEDED for a file that is
 * longer than catalogues are.
 */
export function catalogueRows(file: CatalogueFile, problems: ProblemList): readonly CatalogueRow[] {
  const { bytes } = file;
  if (bytes.byteLength > catalogueLimits.bytes)
    throw new PortreeveError('PDP_LIMIT_EXCEEDED', `the file has more than ${catalogueLimits.bytes} bytes`);
  const text = utf8(bytes, problems);
  if (text === undefined) return [];
  const rows = file.format === 'csv' ? csv(text, file, problems) : ndjson(text, file, problems);
  if (rows.length > catalogueLimits.rows)
    throw new PortreeveError(
      'PDP_LIMIT_EXCEEDED',
      `the file has ${rows.length} rows, more than ${catalogueLimits.rows}: import it in parts`,
    );
  return rows;
}

function utf8(bytes: Uint8Array, problems: ProblemList): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return void problems.add(0, 'is not UTF-8');
  }
}

function ndjson(text: string, { fields }: CatalogueFile, problems: ProblemList): CatalogueRow[] {
  const rows: CatalogueRow[] = [];
  for (const [index, one] of text.split('\n').entries()) {
    if (one.trim() === '') continue;
    const line = index + 1;
    try {
      const value = parseStrictJson(one, { depth: 2, values: catalogueLimits.lineValues });
      if (!isJsonObject(value)) problems.add(line, 'must be a JSON object');
      else if (knownFields(Object.keys(value), fields, line, problems)) rows.push({ line, fields: value });
    } catch (thrown) {
      problems.add(line, `not JSON: ${describeThrown(thrown)}`);
    }
  }
  return rows;
}

function csv(text: string, { fields, columns }: CatalogueFile, problems: ProblemList): CatalogueRow[] {
  const [head, ...records] = parsedCsv(text, problems);
  if (head === undefined) {
    if (text.trim() === '') problems.add(1, 'the header row is missing');
    return [];
  }
  const names = head.record.map((column) => fieldOf(column, columns));
  const present = names.filter((name) => name !== undefined);
  const twice = present.find((name, index) => present.indexOf(name) !== index);
  if (twice !== undefined) {
    problems.add(1, `column ${JSON.stringify(twice)} is there twice`);
    return [];
  }
  for (const [field, column] of Object.entries(columns ?? {})) {
    if (!head.record.includes(column))
      problems.add(1, `column ${JSON.stringify(column)} (for ${field}) is missing`);
  }
  if (!knownFields(present, fields, 1, problems)) return [];
  return records.map(({ record, info }) => ({
    line: info.lines,
    fields: Object.fromEntries(
      names.flatMap((name, index) =>
        name === undefined || (record[index] ?? '') === '' ? [] : [[name, record[index]]],
      ),
    ),
  }));
}

interface CsvRecord {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

function parsedCsv(text: string, problems: ProblemList): CsvRecord[] {
  try {
    // With `info` each record comes with its place; the library's types do not say so.
    return parse(text, { info: true, skip_empty_lines: true, bom: true }) as unknown as CsvRecord[];
  } catch (thrown) {
    problems.add(Number((thrown as { lines?: unknown }).lines ?? 0), `not CSV: ${describeThrown(thrown)}`);
    return [];
  }
}

function fieldOf(column: string, columns: ColumnMap | undefined): string | undefined {
  if (columns === undefined) return column;
  return Object.entries(columns).find(([, name]) => name === column)?.[0];
}

function knownFields(
  names: readonly string[],
  fields: readonly string[],
  line: number,
  problems: ProblemList,
): boolean {
  const unknown = names.filter((name) => !fields.includes(name));
  for (const name of unknown)
    problems.add(line, `${JSON.stringify(name.slice(0, 80))} is not one of ${fields.join(', ')}`);
  return unknown.length === 0;
}
