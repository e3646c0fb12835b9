import { describeThrown, PortreeveError } from '../../lib/errors.ts';
import { parseStrictJson } from '../../lib/strict-json.ts';
import type { LogFiles } from '../tlog/log-files.ts';
import type { AnchorLine, CosignatureLine } from './types.ts';

/** A line that is kept, and where. */
export interface KeptLine<T> {
  /** File and line, for people. */
  readonly where: string;
  readonly line: T;
}

/** What stands in a kept file and is no line of it. */
export interface BrokenLine {
  readonly where: string;
  readonly problem: string;
}

/** Most bytes of one line; a checkpoint with its signatures and a time-stamp take a few thousand. */
const mostLineBytes = 1024 * 1024;
/** The list of files has a name a day. */
const jsonLimits = { depth: 4, values: 100_000 };
const fileName = /^\d{4}-\d\d-\d\d\.ndjson$/;

/** Where the list of a folder's files is. */
export function listPath(folder: string): string {
  return `${folder}/list.json`;
}

/** The file of a day, by the RFC 3339 text of an instant. */
export function dayFile(instant: string): string {
  return `${instant.slice(0, 10)}.ndjson`;
}

/**
 * Names of a folder's files, oldest first; empty where nothing was kept yet. Throws PDP_INPUT_MALFORMED for a list that
 * is none.
 */
export async function readList(files: LogFiles, folder: string): Promise<readonly string[]> {
  const bytes = await files.read(listPath(folder));
  if (bytes === undefined) return [];
  const list = parseDocument(listPath(folder), bytes) as { readonly files?: unknown };
  const names: unknown = list.files;
  if (!Array.isArray(names) || !names.every((name) => typeof name === 'string' && fileName.test(name)))
    throw new PortreeveError('PDP_INPUT_MALFORMED', `${listPath(folder)}: has no list of files`);
  return names as string[];
}

/**
 * Every line that is kept in a folder, oldest file first. A last line without its end is a write that was cut off and
 * is left out; what else is no line is told. Throws what reading throws, and PDP_INPUT_MALFORMED for a broken list.
 */
export async function* keptLines(
  files: LogFiles,
  folder: string,
): AsyncGenerator<KeptLine<unknown> | BrokenLine, void, undefined> {
  for (const name of await readList(files, folder)) {
    const path = `${folder}/${name}`;
    const bytes = await files.read(path);
    if (bytes === undefined) {
      yield { where: path, problem: 'is on the list and not there' };
      continue;
    }
    yield* linesOf(path, bytes);
  }
}

function* linesOf(path: string, bytes: Uint8Array): Generator<KeptLine<unknown> | BrokenLine> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let [at, number] = [0, 1]; at < buffer.byteLength; number++) {
    const end = buffer.indexOf(0x0a, at);
    if (end < 0) return;
    const where = `${path}:${number}`;
    const line = buffer.subarray(at, end);
    at = end + 1;
    if (line.byteLength === 0) continue;
    try {
      yield { where, line: parseDocument(where, line) };
    } catch (thrown) {
      yield { where, problem: describeThrown(thrown) };
    }
  }
}

function parseDocument(where: string, bytes: Uint8Array): unknown {
  if (bytes.byteLength > mostLineBytes)
    throw new PortreeveError('PDP_LIMIT_EXCEEDED', `${where}: is too long`);
  return parseStrictJson(Buffer.from(bytes).toString('utf8'), jsonLimits);
}

/** Reads a line of `witness/`; undefined where it is none. */
export function asCosignatureLine(line: unknown): CosignatureLine | undefined {
  return hasTexts(line, ['at', 'checkpoint']) ? (line as unknown as CosignatureLine) : undefined;
}

/** Reads a line of `anchors/`; undefined where it is none. */
export function asAnchorLine(line: unknown): AnchorLine | undefined {
  if (!hasTexts(line, ['at', 'checkpoint', 'anchor', 'kind'])) return undefined;
  const { kind } = line;
  if (kind === 'timestamp') return hasTexts(line, ['response']) ? (line as unknown as AnchorLine) : undefined;
  return kind === 'put' && hasTexts(line, ['url']) ? (line as unknown as AnchorLine) : undefined;
}

function hasTexts(line: unknown, keys: readonly string[]): line is Readonly<Record<string, string>> {
  if (typeof line !== 'object' || line === null) return false;
  return keys.every((key) => typeof (line as Record<string, unknown>)[key] === 'string');
}
