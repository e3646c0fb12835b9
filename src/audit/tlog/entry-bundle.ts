import { PortreeveError } from '../../lib/errors.ts';
import { tileWidth } from './tile-path.ts';

/** Most bytes of an entry: its length stands before it as a 16-bit number. */
export const mostEntryBytes = 65_535;

/** Writes a bundle: each entry with its length before it, big-endian. Throws PDP_INTERNAL for one that is too long. */
export function bundleOf(entries: readonly Uint8Array[]): Uint8Array {
  const bytes = Buffer.allocUnsafe(entries.reduce((sum, entry) => sum + 2 + entry.byteLength, 0));
  let at = 0;
  for (const entry of entries) {
    if (entry.byteLength > mostEntryBytes) {
      throw new PortreeveError('PDP_INTERNAL', `an entry of ${entry.byteLength} bytes fits no bundle`);
    }
    at = bytes.writeUInt16BE(entry.byteLength, at);
    bytes.set(entry, at);
    at += entry.byteLength;
  }
  return bytes;
}

/**
 * Reads a bundle of exactly `width` entries. Throws PDP_INPUT_MALFORMED where it ends within one, or has fewer or more.
 */
export function entriesOf(bundle: Uint8Array, width: number): readonly Uint8Array[] {
  const bytes = Buffer.from(bundle.buffer, bundle.byteOffset, bundle.byteLength);
  const entries: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.byteLength) {
    const end = at + 2 <= bytes.byteLength ? at + 2 + bytes.readUInt16BE(at) : Infinity;
    if (end > bytes.byteLength) throw malformed(`ends within entry ${entries.length}`);
    entries.push(bytes.subarray(at + 2, end));
    at = end;
    if (entries.length > tileWidth) break;
  }
  if (entries.length !== width) throw malformed(`has ${entries.length} entries instead of ${width}`);
  return entries;
}

function malformed(problem: string): PortreeveError {
  return new PortreeveError('PDP_INPUT_MALFORMED', `bundle of entries: ${problem}`);
}
