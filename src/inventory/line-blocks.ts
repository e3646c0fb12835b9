import { isUtf8 } from 'node:buffer';
import type { ProblemList } from './problems.ts';

/** Bytes of one line, terminator included. */
export const mostLineBytes = 64 * 1024;

const newline = 0x0a;
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/** Whole lines of a file, terminators included, and the number of the first of them (from 1). */
export interface LineBlock {
  readonly bytes: Buffer;
  readonly firstLine: number;
}

/**
 * Cuts a byte stream into blocks of whole lines, without a byte order mark. Memory is bounded: a line longer than
 * `mostLineBytes` is reported and ends the reading.
 */
export async function* lineBlocks(
  input: AsyncIterable<Uint8Array | string>,
  problems: ProblemList,
): AsyncGenerator<LineBlock> {
  let rest = Buffer.alloc(0);
  let firstLine = 1;
  let atStart = true;
  for await (const chunk of input) {
    rest = Buffer.concat([rest, typeof chunk === 'string' ? Buffer.from(chunk) : chunk]);
    if (atStart && rest.length >= byteOrderMark.length) {
      atStart = false;
      if (rest.subarray(0, 3).equals(byteOrderMark)) rest = rest.subarray(3);
    }
    const end = rest.lastIndexOf(newline) + 1;
    if (end > 0 && !atStart) {
      const bytes = rest.subarray(0, end);
      yield { bytes, firstLine };
      firstLine += countLines(bytes);
      rest = rest.subarray(end);
    }
    if (rest.length > mostLineBytes) {
      problems.add(
        firstLine,
        `the line is longer than ${mostLineBytes} bytes; the rest of the file was not read`,
      );
      return;
    }
  }
  if (rest.length > 0) yield { bytes: rest, firstLine };
}

/** Every line of a block without its terminator (LF or CRLF); lines that are not UTF-8 are reported and left out. */
export function* splitLines(
  block: LineBlock,
  problems: ProblemList,
): Generator<{ readonly text: string; readonly line: number }> {
  // One check for the whole block is much faster; only a block that fails it is looked at line by line.
  const sound = isUtf8(block.bytes);
  let line = block.firstLine;
  for (let start = 0; start < block.bytes.length; line += 1) {
    const found = block.bytes.indexOf(newline, start);
    const end = found === -1 ? block.bytes.length : found;
    const bytes = block.bytes.subarray(start, end);
    start = end + 1;
    if (bytes.length >= mostLineBytes) problems.add(line, `the line is longer than ${mostLineBytes} bytes`);
    else if (!sound && !isUtf8(bytes)) problems.add(line, 'the line is not UTF-8');
    else yield { text: bytes.toString('utf8').replace(/\r$/, ''), line };
  }
}

function countLines(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(newline); at !== -1; at = bytes.indexOf(newline, at + 1)) count += 1;
  return count;
}
