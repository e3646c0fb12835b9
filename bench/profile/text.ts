import { roomOf, totals, type Frame } from './tree.ts';

export interface Meant {
  /** `µs` or `bytes`. */
  readonly unit: string;
  readonly calls: number;
  /** Rows of each table. */
  readonly rows: number;
}

/**
 * Tables of what functions, files and rooms took by themselves, for each decision and as a share of all but idle time. In a
 * profile of allocations collected objects count too.
 */
export function textTables(tree: Frame, meant: Meant): string {
  const busy = (frame: Frame, name: string): string | undefined =>
    frame.name === '(idle)' ? undefined : name;
  const place = ({ name, file, line }: Frame): string => (file === '' ? name : `${name} ${file}:${line}`);
  return [
    table(
      'by room or package',
      totals(tree, (frame) => busy(frame, roomOf(frame))),
      meant,
    ),
    table(
      'by function',
      totals(tree, (frame) => busy(frame, place(frame))),
      meant,
    ),
    table(
      'by file',
      totals(tree, (frame) => busy(frame, frame.file || frame.name)),
      meant,
    ),
  ].join('\n');
}

function table(title: string, rows: readonly [string, number][], { unit, calls, rows: most }: Meant): string {
  const all = rows.reduce((sum, [, own]) => sum + own, 0);
  const head = `${title} (${unit} a decision by itself, share of ${(all / calls).toFixed(1)} ${unit})`;
  const lines = rows
    .slice(0, most)
    .map(
      ([name, own]) =>
        `${(own / calls).toFixed(2).padStart(10)} ${((100 * own) / all).toFixed(1).padStart(5)} %  ${name}`,
    );
  return [head, ...lines, ''].join('\n');
}
