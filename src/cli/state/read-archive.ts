import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { describeThrown, PortreeveError } from '../../lib/errors.ts';

/** One file of an archive as it goes by; what is not read of it is passed over. */
export interface PassingFile {
  readonly name: string;
  readonly bytes: number;
  readonly read: () => AsyncIterable<Uint8Array>;
}

const block = 512;

/**
 * Reads an archive as `writeArchive` makes it, a piece at a time, and shows one file after the other. Nothing but plain
 * files is taken. Throws PDP_INPUT_MALFORMED where it is cut off, damaged or something else, and what `visit` throws.
 */
export async function readArchive(
  path: string,
  visit: (file: PassingFile) => Promise<void>,
  onBytes: (count: number) => void,
): Promise<void> {
  const packed = createReadStream(path, { highWaterMark: 256 * 1024 });
  const unpacked = createGunzip({ chunkSize: 256 * 1024 });
  packed.on('data', (piece) => onBytes(piece.length));
  packed.on('error', (error) => unpacked.destroy(error));
  const source = new Pieces(packed.pipe(unpacked) as AsyncIterable<Buffer>, path);
  try {
    for (;;) {
      const header = await source.take(block);
      if (header.every((byte) => byte === 0)) return await source.end();
      const { name, bytes } = readHeader(header, path);
      const padded = Math.ceil(bytes / block) * block;
      const before = source.taken;
      await visit({ name, bytes, read: () => source.pieces(bytes) });
      for await (const piece of source.pieces(padded - (source.taken - before))) void piece;
    }
  } finally {
    packed.destroy();
    unpacked.destroy();
  }
}

/** A stream of bytes, taken in the amounts that are wanted. */
class Pieces {
  readonly #source: AsyncIterator<Buffer>;
  readonly #path: string;
  #rest: Buffer = Buffer.alloc(0);
  /** Bytes that were taken so far. */
  taken = 0;

  constructor(source: AsyncIterable<Buffer>, path: string) {
    this.#source = source[Symbol.asyncIterator]();
    this.#path = path;
  }

  /** So many bytes at once; few. */
  async take(count: number): Promise<Buffer> {
    const pieces: Uint8Array[] = [];
    for await (const piece of this.pieces(count)) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  async *pieces(count: number): AsyncGenerator<Uint8Array> {
    let left = count;
    while (left > 0) {
      if (this.#rest.length === 0 && !(await this.#fill())) throw malformed(this.#path, 'it is cut off');
      const piece = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(piece.length);
      this.taken += piece.length;
      left -= piece.length;
      yield piece;
    }
  }

  /** Reads on to the end, where the compressed stream checks itself; nothing but zeros may be left. */
  async end(): Promise<void> {
    do {
      if (this.#rest.some((byte) => byte !== 0)) throw malformed(this.#path, 'bytes follow its end');
    } while (await this.#fill());
  }

  async #fill(): Promise<boolean> {
    try {
      const next = await this.#source.next();
      if (next.done === true) return false;
      this.#rest = next.value;
      return true;
    } catch (thrown) {
      throw malformed(this.#path, describeThrown(thrown), thrown);
    }
  }
}

function readHeader(header: Buffer, path: string): { readonly name: string; readonly bytes: number } {
  const sum = header.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 0x20 : byte), 0);
  const told = /^[0-7]{1,7}/.exec(header.toString('latin1', 148, 156))?.[0] ?? '';
  const plain = header[156] === 0x30 && header.toString('latin1', 257, 262) === 'ustar';
  if (!plain || Number.parseInt(told, 8) !== sum) throw malformed(path, 'a part of it has no proper header');
  const name = header.toString('latin1', 0, 100).replace(/\0.*$/s, '');
  const octal = /^[0-7]{11}/.exec(header.toString('latin1', 124, 136))?.[0];
  const bytes = header[124] === 0x80 ? Number(header.readBigUInt64BE(128)) : Number.parseInt(octal ?? '', 8);
  if (!Number.isSafeInteger(bytes)) throw malformed(path, 'a part of it has no proper length');
  return { name, bytes };
}

/** What is thrown for a file that is no snapshot, or a damaged one. */
export function malformed(path: string, problem: string, cause?: unknown): PortreeveError {
  return new PortreeveError('PDP_INPUT_MALFORMED', `${path} is no snapshot that can be used: ${problem}`, {
    cause,
  });
}
