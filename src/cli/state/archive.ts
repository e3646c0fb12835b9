import { open, rename, rm } from 'node:fs/promises';
import { createWriteStream } from 'node:fs';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { PortreeveError } from '../../lib/errors.ts';

/** One file of an archive; its bytes come when they are asked for. */
export interface ArchiveFile {
  readonly name: string;
  readonly bytes: number;
  readonly open: () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

const block = 512;
/** Sizes from here on do not fit into eleven octal digits. */
const mostOctal = 0o77777777777;
/** Most characters of a name, all of them printable ASCII. */
export const mostNameBytes = 100;

/**
 * Writes files into one tar archive (IEEE Std 1003.1 ustar; sizes from 8 GiB on in GNU's base 256), compressed (gzip),
 * in the order given and a piece at a time: memory does not grow with their size. It appears at `path` whole, readable
 * by its owner alone, or not at all; `partial` is the name that it has until then. Throws what the file system throws,
 * PDP_INTERNAL for a file that is not as long as was said.
 */
export async function writeArchive(
  path: string,
  partial: string,
  files: readonly ArchiveFile[],
  onBytes: (count: number) => void,
): Promise<void> {
  try {
    // The fastest level: databases of digests compress little better with more work.
    const packed = createGzip({ level: 1, chunkSize: 256 * 1024 });
    const out = createWriteStream(partial, { flags: 'wx', mode: 0o600, flush: true });
    await pipeline(Readable.from(archiveBytes(files, onBytes), { objectMode: false }), packed, out);
    await rename(partial, path);
    await syncFolder(dirname(path));
  } catch (thrown) {
    await rm(partial, { force: true });
    throw thrown;
  }
}

async function* archiveBytes(
  files: readonly ArchiveFile[],
  onBytes: (count: number) => void,
): AsyncGenerator<Uint8Array> {
  for (const { name, bytes, open: read } of files) {
    yield header(name, bytes);
    let left = bytes;
    for await (const piece of read()) {
      left -= piece.byteLength;
      onBytes(piece.byteLength);
      yield piece;
    }
    if (left !== 0) throw new PortreeveError('PDP_INTERNAL', `${name} is not ${bytes} bytes long any more`);
    if (bytes % block > 0) yield Buffer.alloc(block - (bytes % block));
  }
  yield Buffer.alloc(2 * block);
}

/** The same for the same name and size: nothing of when or where it was made is in it. */
function header(name: string, size: number): Uint8Array {
  const bytes = Buffer.alloc(block);
  bytes.write(name, 0, mostNameBytes, 'latin1');
  bytes.write('0000600\0', 100);
  bytes.write('0000000\0', 108);
  bytes.write('0000000\0', 116);
  if (size <= mostOctal) bytes.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  else {
    bytes[124] = 0x80;
    bytes.writeBigUInt64BE(BigInt(size), 128);
  }
  bytes.write('00000000000\0', 136);
  bytes.write('        0', 148);
  bytes.write('ustar\x0000', 257, 'latin1');
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return bytes;
}

/** Makes a rename survive a loss of power. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
