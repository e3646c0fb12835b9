import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { describeThrown, PortreeveError } from '../lib/errors.ts';
import { mostLineBytes } from './read-log.ts';

/** Whole lines of a file of records, as they stand in it. */
export interface RecordBlock {
  readonly file: string;
  /** Number of the block's first line; a file's first is 1. */
  readonly line: number;
  readonly bytes: Buffer;
}

const lineFeed = 0x0a;
/** Bytes that are read at once: some hundred records, so that handing them on costs little. */
const pieceBytes = 1024 * 1024;

/**
 * The lines of a file of records in blocks, unpacked where its name ends in `.gz`. Every block is memory of its own, which
 * may be handed to a thread. Memory does not grow with the file. `onBytes` is told bytes as they lie on the disk. With `size`, the file's bytes
 * when it was looked at, what is written to it later is not read, and a last line that is not whole is left out. Throws
 * PDP_INPUT_MALFORMED naming file and line where it cannot be read or a line is longer than 8 MiB.
 */
export async function* recordBlocks(
  file: string,
  onBytes: (count: number) => void = () => undefined,
  size?: number,
): AsyncGenerator<RecordBlock> {
  if (size === 0) return;
  const upTo = size === undefined ? {} : { end: size - 1 };
  const stream = createReadStream(file, { highWaterMark: pieceBytes, ...upTo });
  stream.on('data', (piece) => onBytes(piece.length));
  const packed = file.endsWith('.gz') ? createGunzip({ chunkSize: pieceBytes }) : undefined;
  if (packed) stream.on('error', (error) => packed.destroy(error));
  try {
    yield* cut(file, (packed ? stream.pipe(packed) : stream) as AsyncIterable<Buffer>, size !== undefined);
  } catch (thrown) {
    if (thrown instanceof PortreeveError) throw thrown;
    throw malformed(`cannot read ${file}: ${describeThrown(thrown)}`, thrown);
  } finally {
    stream.destroy();
    packed?.destroy();
  }
}

async function* cut(
  file: string,
  pieces: AsyncIterable<Buffer>,
  mayGrow: boolean,
): AsyncGenerator<RecordBlock> {
  let rest: Buffer[] = [];
  let [held, line] = [0, 1];
  for await (const piece of pieces) {
    const end = piece.lastIndexOf(lineFeed) + 1;
    if (end > 0) {
      const bytes = ownBuffer([...rest, piece.subarray(0, end)], held + end);
      yield { file, line, bytes };
      line += countLines(piece.subarray(0, end));
      [rest, held] = [[], 0];
    }
    // A copy, because the stream may use its memory again.
    if (end < piece.length) rest.push(Buffer.from(piece.subarray(end)));
    held += piece.length - end;
    if (held > mostLineBytes)
      throw malformed(`${file}:${line}: the line is longer than ${mostLineBytes} bytes`);
  }
  if (held === 0) return;
  const bytes = ownBuffer(rest, held);
  if (!mayGrow || isJson(bytes)) yield { file, line, bytes };
}

/** A last line without its end is whole, or still being written. */
function isJson(bytes: Buffer): boolean {
  try {
    JSON.parse(bytes.toString('utf8'));
    return true;
  } catch {
    return false;
  }
}

/** Not of the pool that small buffers share: the whole of it would be handed on. */
function ownBuffer(pieces: readonly Buffer[], length: number): Buffer {
  const bytes = Buffer.from(new ArrayBuffer(length));
  let at = 0;
  for (const piece of pieces) at += piece.copy(bytes, at);
  return bytes;
}

/** The lines of a block, each with its number in the file; empty ones are left out. */
export function* linesOfBlock({ bytes, line }: Pick<RecordBlock, 'bytes' | 'line'>): Generator<{
  readonly text: string;
  readonly line: number;
}> {
  let number = line;
  for (let start = 0; start < bytes.length; number += 1) {
    const found = bytes.indexOf(lineFeed, start);
    const end = found < 0 ? bytes.length : found;
    if (end > start) yield { text: bytes.toString('utf8', start, end), line: number };
    start = end + 1;
  }
}

function countLines(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(lineFeed); at >= 0; at = bytes.indexOf(lineFeed, at + 1)) count += 1;
  return count;
}

function malformed(problem: string, cause?: unknown): PortreeveError {
  return new PortreeveError('PDP_INPUT_MALFORMED', problem, { cause });
}
