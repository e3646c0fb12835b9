import { describeThrown } from '../lib/errors.ts';
import { lineBlocks, splitLines } from './line-blocks.ts';
import type { ProblemList } from './problems.ts';
import { buildDraft, type DeviceDraft } from './record.ts';

export interface ImportRow {
  readonly line: number;
  readonly draft: DeviceDraft;
}

/** Rows that are handed on together, at least, but for the last ones. */
export const rowsAtOnce = 4096;

/** Reads one JSON object a line (blank lines pass), many rows at a time. What is wrong is reported with its line and left out. */
export async function* ndjsonRows(
  input: AsyncIterable<Uint8Array | string>,
  problems: ProblemList,
): AsyncGenerator<readonly ImportRow[]> {
  let rows: ImportRow[] = [];
  for await (const block of lineBlocks(input, problems)) {
    for (const { text, line } of splitLines(block, problems)) {
      if (text.trim() === '') continue;
      const draft = readLine(text, (message) => problems.add(line, message));
      if (draft) rows.push({ line, draft });
    }
    if (rows.length < rowsAtOnce) continue;
    yield rows;
    rows = [];
  }
  if (rows.length > 0) yield rows;
}

function readLine(text: string, report: (message: string) => void): DeviceDraft | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (thrown) {
    return void report(`not JSON: ${describeThrown(thrown)}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return void report('must be a JSON object');
  }
  // JSON.parse keeps the last of two members with one name: of two statuses the reader would see only one.
  if (countColons(text) !== countMembers(value)) return void report('names a field twice');
  return buildDraft(value as Record<string, unknown>, report);
}

/** Colons outside strings: one for each member that the text of a JSON value names. */
function countColons(text: string): number {
  let colons = 0;
  let inString = false;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (inString) {
      if (unit === 0x5c) index += 1;
      else if (unit === 0x22) inString = false;
    } else if (unit === 0x22) inString = true;
    else if (unit === 0x3a) colons += 1;
  }
  return colons;
}

/** Members of a parsed JSON value and of all values within it. Explicit stack: the text may be nested deeply. */
function countMembers(value: unknown): number {
  const pending: unknown[] = [value];
  let members = 0;
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (typeof next !== 'object' || next === null) continue;
    const inner = Object.values(next) as unknown[];
    if (!Array.isArray(next)) members += inner.length;
    pending.push(...inner);
  }
  return members;
}
