import type { CaseDifference } from '../cases/types.ts';

/** Characters of a column: two of them and their frame fit a terminal of 120. */
const columnWidth = 48;

/** What was expected and what came, in two columns; a value that is a list or an object takes a line a member. */
export function sideBySide(differences: readonly CaseDifference[]): readonly string[] {
  const name = Math.min(24, Math.max(8, ...differences.map(({ what }) => what.length)));
  const row = (first: string, expected: string, got: string): string =>
    `${first.padEnd(name)}  ${expected.padEnd(columnWidth)}  ${got}`.trimEnd();
  const rows = differences.flatMap(({ what, expected, got }) => {
    const [left, right] = [cell(expected), cell(got)];
    return Array.from({ length: Math.max(left.length, right.length) }, (_, line) =>
      row(line === 0 ? what : '', left[line] ?? '', right[line] ?? ''),
    );
  });
  return [row('', 'expected', 'got'), ...rows];
}

function cell(value: unknown): readonly string[] {
  return valueLines(value).flatMap((line) => wrapped(line));
}

function valueLines(value: unknown): readonly string[] {
  if (value === undefined) return ['(nothing)'];
  if (Array.isArray(value)) return value.length === 0 ? ['[]'] : value.map((one) => `- ${flat(one)}`);
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value);
    if (members.length === 0) return ['{}'];
    return members.flatMap(([name, member]) => memberLines(name, member));
  }
  return [flat(value)];
}

function memberLines(name: string, member: unknown): readonly string[] {
  const nested =
    typeof member === 'object' && member !== null && flat(member).length > columnWidth - name.length - 2;
  return nested
    ? [`${name}:`, ...valueLines(member).map((line) => `  ${line}`)]
    : [`${name}: ${flat(member)}`];
}

function flat(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '(nothing)');
}

/** A line in pieces that fit the column, those after the first set in. */
function wrapped(line: string): readonly string[] {
  const pieces = [line.slice(0, columnWidth)];
  for (let at = columnWidth; at < line.length; at += columnWidth - 2) {
    pieces.push(`  ${line.slice(at, at + columnWidth - 2)}`);
  }
  return pieces;
}
