import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { sha256Hex } from '../../lib/bytes.ts';
import type { ArchiveFile } from './archive.ts';

/** A file of an archive with its digest (SHA-256, hex). */
export interface MeasuredFile extends ArchiveFile {
  readonly sha256: string;
}

/** A file on disk, read once for its length and digest; undefined where it is not there. */
export async function measured(name: string, path: string): Promise<MeasuredFile | undefined> {
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    for await (const piece of read(path)) {
      hash.update(piece);
      bytes += piece.byteLength;
    }
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw thrown;
  }
  return { name, bytes, sha256: hash.digest('hex'), open: () => read(path) };
}

/** A file whose bytes are in memory. */
export function atHand(name: string, content: Uint8Array): MeasuredFile {
  return { name, bytes: content.byteLength, sha256: sha256Hex(content), open: () => [content] };
}

function read(path: string): AsyncIterable<Uint8Array> {
  return createReadStream(path, { highWaterMark: 1024 * 1024 });
}
