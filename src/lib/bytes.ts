import { createHash, hash } from 'node:crypto';

/** Lower-case hex of bytes. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

/** Lower-case hex SHA-256 of bytes, or of the UTF-8 of a string. */
export function sha256Hex(data: Uint8Array | string): string {
  return hash('sha256', data, 'hex');
}

/** Lower-case hex SHA-256 over several parts, each preceded by its length, so that parts cannot run together. */
export function sha256HexOfParts(parts: readonly Uint8Array[]): string {
  const digest = createHash('sha256');
  const length = Buffer.alloc(4);
  for (const part of parts) {
    length.writeUInt32BE(part.byteLength);
    digest.update(length).update(part);
  }
  return digest.digest('hex');
}

/** Whether two byte strings are the same; not constant-time, for public values only. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && Buffer.compare(a, b) === 0;
}

/**
 * Gives a buffer's memory back now, instead of when garbage is next collected: memory outside the heap makes the
 * collector run over all of it long before the heap is full. Nobody may read the buffer afterwards. One that is a part
 * of a larger piece of memory is left alone.
 */
export function release(bytes: Uint8Array): void {
  const { buffer, byteLength } = bytes;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}
