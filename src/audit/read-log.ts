import { createReadStream, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { describeThrown, PortreeveError } from '../lib/errors.ts';

/** Bytes of a line beyond which it is passed over as damaged. */
export const mostLineBytes = 8 * 1024 * 1024;

const lineFeed = 0x0a;

/** A file of records as it lies on the disk. */
export interface LogFile {
  readonly path: string;
  /** Bytes on the disk. */
  readonly size: number;
}

/**
 * Files of records with those that were rotated away from them (`PATH.1` is the newest, also as `PATH.1.gz`), each once,
 * the oldest first. Throws PDP_INPUT_MALFORMED where a named one is not there.
 */
export function logFiles(paths: readonly string[]): readonly LogFile[] {
  const found = new Map<string, LogFile>();
  for (const path of paths) {
    for (const one of [...rotatedOf(path), path]) if (!found.has(one)) found.set(one, fileAt(one));
  }
  return [...found.values()];
}

function rotatedOf(path: string): readonly string[] {
  const [folder, start] = [dirname(path), `${basename(path)}.`];
  const numbered = new Map<number, string>();
  for (const name of namesIn(folder)) {
    const number = name.startsWith(start) ? /^(\d{1,6})(\.gz)?$/.exec(name.slice(start.length)) : null;
    if (number) numbered.set(Number(number[1]), join(folder, name));
  }
  return [...numbered].sort(([a], [b]) => b - a).map(([, file]) => file);
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    // Told by the file itself, which is not there either.
    return [];
  }
}

function fileAt(path: string): LogFile {
  try {
    const found = statSync(path);
    if (found.isDirectory()) throw new Error('it is a folder');
    return { path, size: found.size };
  } catch (thrown) {
    throw unreadable(path, thrown);
  }
}

/**
 * The lines of a file of records, unpacked where its name ends in `.gz`, one after the other; undefined for one that is too
 * long. Memory does not grow with the file. A last line without its end is one like any other. Throws PDP_INPUT_MALFORMED
 * where the file cannot be read.
 */
export async function* logLines(
  path: string,
  onBytes: (count: number) => void,
): AsyncGenerator<string | undefined> {
  const file = createReadStream(path, { highWaterMark: 256 * 1024 });
  file.on('data', (piece) => onBytes(piece.length));
  const packed = path.endsWith('.gz') ? createGunzip() : undefined;
  if (packed) file.on('error', (error) => packed.destroy(error));
  try {
    yield* linesOf((packed ? file.pipe(packed) : file) as AsyncIterable<Buffer>);
  } catch (thrown) {
    throw unreadable(path, thrown);
  } finally {
    file.destroy();
    packed?.destroy();
  }
}

async function* linesOf(pieces: AsyncIterable<Buffer>): AsyncGenerator<string | undefined> {
  let line: Buffer[] = [];
  let length = 0;
  for await (const piece of pieces) {
    let start = 0;
    for (let end = piece.indexOf(lineFeed); end >= 0; end = piece.indexOf(lineFeed, start)) {
      yield whole([...line, piece.subarray(start, end)], length + end - start);
      [line, length, start] = [[], 0, end + 1];
    }
    length += piece.length - start;
    // Of a line that is too long nothing needs to be held.
    line = length > mostLineBytes ? [] : [...line, piece.subarray(start)];
  }
  if (length > 0) yield whole(line, length);
}

function whole(pieces: readonly Buffer[], length: number): string | undefined {
  return length > mostLineBytes ? undefined : Buffer.concat(pieces).toString('utf8');
}

function unreadable(path: string, thrown: unknown): PortreeveError {
  return new PortreeveError('PDP_INPUT_MALFORMED', `cannot read ${path}: ${describeThrown(thrown)}`, {
    cause: thrown,
  });
}
