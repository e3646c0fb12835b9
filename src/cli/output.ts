import { styleText } from 'node:util';

export type Tone = 'good' | 'bad' | 'warn' | 'quiet' | 'strong';

const styles = { good: 'green', bad: 'red', warn: 'yellow', quiet: 'gray', strong: 'bold' } as const;

/** Paints text for a terminal, or leaves it as it is. */
export type Paint = (tone: Tone, text: string) => string;

/** Colours only where a terminal shows them and nobody has said `NO_COLOR`. */
export function painter(enabled: boolean): Paint {
  return (tone, text) => (enabled ? styleText(styles[tone], text, { validateStream: false }) : text);
}

/**
 * Text from outside (device ids, reasons, file contents) made safe for a terminal: control characters and
 * directional overrides, which could rewrite what is on the screen, become visible escapes.
 */
export function plain(text: string): string {
  return text.replaceAll(
    /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A path as one word of a command line that is shown: in quotes where a POSIX shell would make something else of it. */
export function shellPath(path: string): string {
  const named = plain(path.startsWith('-') ? `./${path}` : path);
  return /^[\w@%+=:,./-]+$/.test(named) ? named : `'${named.replaceAll("'", "'\\''")}'`;
}

/** JSON on several lines, safe for a terminal as `plain` is: what is escaped there stays the same JSON. */
export function plainJson(value: unknown): string {
  return JSON.stringify(value, null, 2).split('\n').map(plain).join('\n');
}

/** A cell; `tone` colours it without counting in its width. */
export type Cell = string | number | null | { readonly text: string; readonly tone: Tone };

/** Lines of a table with left-aligned columns; numbers to the right, null as `-`. Ends with a line break. */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[], paint: Paint): string {
  const texts = rows.map((row) => row.map((cell) => plain(cellText(cell))));
  const widths = head.map((title, column) =>
    Math.max(title.length, ...texts.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[], pad: (cell: string, column: number) => string) =>
    cells.map(pad).join('  ').trimEnd();

  const title = line(head, (cell, column) => cell.padEnd(widths[column] ?? 0));
  const body = texts.map((row, index) =>
    line(row, (cell, column) => {
      const original = rows[index]?.[column];
      const width = widths[column] ?? 0;
      const padded = typeof original === 'number' ? cell.padStart(width) : cell.padEnd(width);
      return typeof original === 'object' && original !== null ? paint(original.tone, padded) : padded;
    }),
  );
  return `${[paint('strong', title), ...body].join('\n')}\n`;
}

function cellText(cell: Cell): string {
  if (cell === null) return '-';
  return typeof cell === 'object' ? cell.text : String(cell);
}

/** Lines of `name  value`, names aligned. */
export function fields(pairs: readonly (readonly [string, string])[], paint: Paint): string {
  const width = Math.max(0, ...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `${paint('quiet', name.padEnd(width))}  ${plain(value)}\n`).join('');
}
