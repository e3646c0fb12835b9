import { asPortreeveError, PortreeveError } from '../../lib/errors.ts';
import { decodePemStream } from '../../lib/pem-stream.ts';
import { looksLikePem } from '../../lib/pem.ts';
import { crlLimits } from '../limits.ts';

/** Bytes that are looked through for a PEM boundary before what is no DER counts as PEM with a long preface. */
const preface = 64 * 1024;
/** Bytes that are handed on at once. */
const pieceBytes = 64 * 1024;

/** Opens the bytes of a CRL from their begin. They are read more than once, and must be the same each time. */
export type OpenBytes = () => AsyncIterable<Uint8Array>;

/**
 * The DER of the one CRL in a stream, DER or PEM, by the rules of `splitCrls`, in pieces of bounded length. With `block`
 * that one of a PEM bundle, from 0. Throws PDP_LIMIT_EXCEEDED past `maxBytes` or too many blocks, PDP_CRL_INVALID for
 * broken PEM and for another number of CRLs than one, and whatever the source throws.
 */
export async function* crlDer(
  open: OpenBytes,
  maxBytes: number,
  block?: number,
): AsyncGenerator<Uint8Array, void> {
  const { isPem, chunks } = await look(pieces(limited(open(), maxBytes)));
  try {
    yield* isPem ? pemBlock(chunks, block) : chunks;
  } finally {
    await chunks.return();
  }
}

/** How many CRLs a stream holds: 1 of DER, whatever it is worth. Throws as `crlDer` does, and where PEM holds none. */
export async function countCrls(open: OpenBytes, maxBytes: number): Promise<number> {
  const { isPem, chunks } = await look(pieces(limited(open(), maxBytes)));
  try {
    if (!isPem) return 1;
    let blocks = 0;
    for await (const piece of decoded(chunks)) blocks = piece.block + 1;
    if (blocks === 0) throw none();
    return blocks;
  } finally {
    await chunks.return();
  }
}

/** What the stream is, and all of it once more. */
async function look(
  source: AsyncGenerator<Uint8Array, void>,
): Promise<{ isPem: boolean; chunks: AsyncGenerator<Uint8Array, void> }> {
  const first: Uint8Array[] = [];
  let bytes = 0;
  let ended = false;
  try {
    while (bytes < 2 || (bytes < preface && !isLongDer(first))) {
      const next = await source.next();
      if (next.done === true) {
        ended = true;
        break;
      }
      first.push(next.value);
      bytes += next.value.byteLength;
    }
  } catch (thrown) {
    await source.return();
    throw thrown;
  }
  const front = Buffer.concat(first);
  const isPem = !isLongDer([front]) && (looksLikePem(front) || !ended);
  return { isPem, chunks: continued(front, source) };
}

/** A SEQUENCE of 128 bytes or more, which every CRL is and no text can be. */
function isLongDer(parts: readonly Uint8Array[]): boolean {
  const [first, second] = Buffer.concat(parts.slice(0, 3)).subarray(0, 2);
  return first === 0x30 && second !== undefined && second >= 0x80;
}

async function* continued(
  front: Uint8Array,
  rest: AsyncGenerator<Uint8Array, void>,
): AsyncGenerator<Uint8Array, void> {
  try {
    if (front.byteLength > 0) yield front;
    yield* rest;
  } finally {
    await rest.return();
  }
}

async function* pemBlock(
  chunks: AsyncIterable<Uint8Array>,
  wanted: number | undefined,
): AsyncGenerator<Uint8Array, void> {
  let blocks = 0;
  for await (const { block, bytes } of decoded(chunks)) {
    // Whoever asks for one of several has counted them, and so has seen that the rest is whole.
    if (wanted !== undefined && block > wanted) return;
    blocks = block + 1;
    if (block === (wanted ?? 0)) yield bytes;
  }
  if (blocks === 0) throw none();
  if (wanted === undefined && blocks > 1)
    throw new PortreeveError('PDP_CRL_INVALID', `${blocks} CRLs where one is expected`);
}

async function* decoded(chunks: AsyncIterable<Uint8Array>): ReturnType<typeof decodePemStream> {
  try {
    yield* decodePemStream(chunks, 'X509 CRL', crlLimits.perFile);
  } catch (thrown) {
    const cause = asPortreeveError(thrown);
    if (cause.code !== 'PDP_INPUT_MALFORMED') throw thrown;
    throw new PortreeveError('PDP_CRL_INVALID', `CRL is malformed: ${cause.message}`, { cause });
  }
}

async function* limited(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Uint8Array, void> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes)
      throw new PortreeveError('PDP_LIMIT_EXCEEDED', `more than the ${maxBytes} bytes that a CRL may have`);
    yield chunk;
  }
}

/** Whatever comes after it holds no more than a piece at a time. */
async function* pieces(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.byteLength; at += pieceBytes) yield chunk.subarray(at, at + pieceBytes);
  }
}

function none(): PortreeveError {
  return new PortreeveError('PDP_CRL_INVALID', 'no X509 CRL block in the PEM text');
}
