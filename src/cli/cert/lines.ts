import { isUtf8 } from 'node:buffer';

/** Bytes of one request line: room for a large CRL in PEM. */
export const mostLineBytes = 64 * 1024 * 1024;

const newline = 0x0a;
const byteOrderMark = /^\ufeff/;

/** The lines that one chunk of input completed: their text, or why they have none. */
export type Line =
  | { readonly text: string; readonly problem?: undefined }
  | { readonly text?: undefined; readonly problem: string };

/**
 * Cuts a byte stream into lines (LF or CRLF; the last may have no end), as many at a time as one chunk completes, so
 * that what is answered can leave before more comes. A byte order mark before the first is passed over. Memory is bounded: a line that is too long is passed over and
 * told.
 */
export async function* lines(
  input: AsyncIterable<Uint8Array | string>,
  most: number = mostLineBytes,
): AsyncGenerator<readonly Line[]> {
  let parts: Buffer[] = [];
  let length = 0;
  let begun = false;
  const next = (bytes: readonly Buffer[]): Line => {
    const line = length > most ? tooLong(most) : lineOf(bytes);
    const first = !begun;
    begun = true;
    return first && line.text !== undefined ? { text: line.text.replace(byteOrderMark, '') } : line;
  };
  for await (const piece of input) {
    const chunk = Buffer.from(piece as Uint8Array);
    const complete: Line[] = [];
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      length += end - start;
      complete.push(next([...parts, chunk.subarray(start, end)]));
      [parts, length] = [[], 0];
      start = end + 1;
    }
    length += chunk.length - start;
    if (length > most) parts = [];
    else if (start < chunk.length) parts.push(chunk.subarray(start));
    if (complete.length > 0) yield complete;
  }
  if (length > 0) yield [next(parts)];
}

function lineOf(parts: readonly Buffer[]): Line {
  const [only] = parts;
  const bytes = parts.length === 1 && only ? only : Buffer.concat(parts);
  if (!isUtf8(bytes)) return { problem: 'the line is not UTF-8' };
  return { text: bytes.toString('utf8').replace(/\r$/, '') };
}

function tooLong(most: number): Line {
  return { problem: `the line is longer than ${most} bytes` };
}
