import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node } from 'yaml';
import { describeThrown } from '../lib/errors.ts';
import { formatPath, type Found, type Problem } from './problem.ts';

/** Most bytes of a configuration file; far beyond any real one, far below what would hurt to parse. */
export const maxConfigBytes = 1024 * 1024;

/** Most times that aliases may be expanded in all, so that few lines cannot become gigabytes. */
const maxAliases = 100;

/** A YAML file's value, and where in the text each place stands. */
export interface ConfigDocument {
  readonly value: unknown;
  readonly locate: (found: Found) => Problem;
}

export interface DocumentOptions {
  /** Most times that aliases may be expanded in all. */
  readonly aliases?: number;
  /** Takes `<<` for the merge key of YAML 1.1. */
  readonly merge?: boolean;
}

/** Parses YAML 1.2 strictly: one document, no duplicate keys, no unknown tags, bounded aliases. */
export function readDocument(
  text: string,
  { aliases = maxAliases, merge = false }: DocumentOptions = {},
): ConfigDocument | { readonly problems: readonly Problem[] } {
  const lines = new LineCounter();
  const whole = (message: string) => ({ problems: [{ line: 1, column: 1, path: '', message }] });
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: true,
      merge,
    });
    const complaints = [...document.errors, ...document.warnings];
    if (complaints.length > 0) {
      return {
        problems: complaints.map(({ pos, message }) => ({ ...position(lines, pos[0]), path: '', message })),
      };
    }
    const value: unknown = document.toJS({ maxAliasCount: aliases });
    return { value, locate: (found) => locate(document, lines, found) };
  } catch (thrown) {
    // Too deep a nesting overflows the parser's stack; too many aliases are refused by its count.
    return whole(thrown instanceof RangeError ? 'nested too deeply' : describeThrown(thrown));
  }
}

function position(lines: LineCounter, offset: number): { line: number; column: number } {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

/** The nearest place in the text: the key or value itself, else the deepest parent that is there. */
function locate(document: Document.Parsed, lines: LineCounter, { path, at, message }: Found): Problem {
  let node: Node | null | undefined = document.contents;
  let offset = node?.range?.[0] ?? 0;
  for (const [depth, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    const next = stepInto(node, step);
    if (!next) break;
    const wantsKey = depth === path.length - 1 && at === 'key';
    offset = (wantsKey ? next.key : next.value)?.range?.[0] ?? next.key?.range?.[0] ?? offset;
    node = next.value;
  }
  return { ...position(lines, offset), path: formatPath(path), message };
}

function stepInto(
  node: Node | null | undefined,
  step: string | number,
): { key?: Node | null; value?: Node | null } | undefined {
  if (isSeq(node)) {
    const value = node.items[Number(step)] as Node | undefined;
    return value && { value };
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find(({ key }) => String(isScalar(key) ? key.value : key) === String(step));
  return pair && { key: pair.key as Node, value: pair.value as Node | null };
}
