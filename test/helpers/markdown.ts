import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './source-files.ts';

/** A fenced block of a page. */
export interface Block {
  /** `docs/wire.md:120`. */
  readonly place: string;
  readonly language: string;
  /** What the comment `<!-- docs-test: … -->` on the line above says; undefined without one. */
  readonly mark: string | undefined;
  readonly text: string;
}

/** Every fenced block of a page of the repository, in order. */
export function blocksOf(page: string): readonly Block[] {
  const lines = readFileSync(join(root, page), 'utf8').split('\n');
  const blocks: Block[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const fence = /^```(\S*)\s*$/.exec(lines[at] as string);
    if (!fence) {
      if (/^\s+```|^\s*~~~/.test(lines[at] as string))
        throw new Error(`${page}:${at + 1}: fences begin their line`);
      continue;
    }
    const end = lines.indexOf('```', at + 1);
    if (end < 0) throw new Error(`${page}:${at + 1}: a fence that is not closed`);
    blocks.push({
      place: `${page}:${at + 1}`,
      language: fence[1] as string,
      mark: /^<!-- docs-test: (.+) -->$/.exec(lines[at - 1] ?? '')?.[1],
      text: `${lines.slice(at + 1, end).join('\n')}\n`,
    });
    at = end;
  }
  return blocks;
}

/** Cells of every row below the header of the first table whose header has these words. */
export function tableRows(text: string, header: string): readonly (readonly string[])[] {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => line.startsWith(`| ${header}`));
  if (start < 0) return [];
  const rows: string[][] = [];
  for (const line of lines.slice(start + 2)) {
    if (!line.startsWith('|')) break;
    rows.push(
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  }
  return rows;
}
