import { Readable } from 'node:stream';
import test from 'ava';
import { asPortreeveError } from '../../../src/lib/errors.ts';
import { decodePemStream } from '../../../src/lib/pem-stream.ts';
import { decodePem } from '../../../src/lib/pem.ts';

const label = 'X509 CRL';
const [begin, end] = [`-----BEGIN ${label}-----`, `-----END ${label}-----`];
const long = Buffer.alloc(30_000, 'some bytes ');
const body = long.toString('base64');
const wide = ' '.repeat(9000);

/** Blocks as hex, or the error's code and message. */
async function streamed(text: string, size: number): Promise<string[]> {
  const bytes = Buffer.from(text, 'latin1');
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
  const blocks: Buffer[][] = [];
  try {
    for await (const piece of decodePemStream(Readable.from(chunks), label, 3))
      (blocks[piece.block] ??= []).push(Buffer.from(piece.bytes));
    return blocks.map((pieces) => Buffer.concat(pieces).toString('hex'));
  } catch (thrown) {
    const { code, message } = asPortreeveError(thrown);
    return [code, message];
  }
}

function whole(text: string): string[] {
  try {
    return decodePem(text, label, 3).map((block) => Buffer.from(block).toString('hex'));
  } catch (thrown) {
    const { code, message } = asPortreeveError(thrown);
    return [code, message];
  }
}

const texts: Readonly<Record<string, string>> = {
  'one line of any length': `${begin}\n${body}\n${end}\n`,
  'lines that end in every way': `${begin}\r\nAAAA\rBBBB\nCCCC\r\n\r\n${end}`,
  'white space around lines, much of it': `${begin}${wide}\n${wide}${body}${wide}\n${wide}\n${end}${wide}\n`,
  'white space within a long line': `${begin}\n${body}${wide}AAAA\n${end}\n`,
  'a preface of any length, and several blocks': `${'x'.repeat(20_000)}\n${begin}\nAAAA\n${end}\nmore\n${begin}\nBBBB\n${end}\n`,
  'padding that is split': `${begin}\nAA\n=\n=\n${end}\n`,
  'padding that is not at the end': `${begin}\nAA==\nAAAA\n${end}\n`,
  'stray bits': `${begin}\nAB==\n${end}\n`,
  'a group that is cut off': `${begin}\nAAAAA\n${end}\n`,
  'no contents': `${begin}\n${end}\n`,
  'no end': `${begin}\nAAAA\n`,
  'a second begin': `${begin}\nAAAA\n${begin}\n`,
  'another label': `-----BEGIN CERTIFICATE-----\n`,
  'a broken boundary': `${begin}\nAAAA\n-----END X509 CRL----\n`,
  'a broken boundary of any length': `-----BEGIN ${'X'.repeat(20_000)}\n`,
  'white space within a boundary': `-----BEGIN ${label}--${wide}---\nAAAA\n${end}\n`,
  'white space before a boundary': `${wide}${begin}\nAAAA\n${end}\n`,
  'something else in a block': `${begin}\nAAAA\nAA?A\nAAAA\n${end}\n`,
  'more blocks than allowed': `${begin}\nAAAA\n${end}\n`.repeat(4),
};

for (const [what, text] of Object.entries(texts)) {
  test(`PEM in pieces is read as PEM at hand: ${what}`, async (t) => {
    const expected = whole(text);
    const isError = expected[0]?.startsWith('PDP_') === true;
    for (const size of [1, 3, 100, 5000, text.length]) {
      const found = await streamed(text, size);
      if (isError) t.is(found[0], expected[0], `pieces of ${size}: ${expected[1]} / ${found[1]}`);
      else t.deepEqual(found, expected, `pieces of ${size}`);
    }
  });
}
