import { PortreeveError } from '../../lib/errors.ts';
import { hashBytes } from './hash.ts';
import type { Hash } from './hash.ts';
import { entriesOf } from './entry-bundle.ts';
import { tilePath, tileWidth } from './tile-path.ts';
import type { TileName } from './tile-path.ts';

/** The static files of a log, wherever they are: a folder, a web server, an export. */
export interface LogFiles {
  /** Bytes of the file at a path relative to the log; undefined where there is none. */
  read(path: string): Promise<Uint8Array | undefined>;
}

/** Where the signed checkpoint is. */
export const checkpointPath = 'checkpoint';

/**
 * The hashes of a tile. A partial one that is gone is cut from the full one, as tlog-tiles lets logs delete it. Throws
 * PDP_NOT_FOUND where neither is there, PDP_INPUT_MALFORMED for a tile of another length.
 */
export async function readTile(files: LogFiles, name: TileName): Promise<readonly Hash[]> {
  const bytes = await readNarrowed(files, name, (full) => full.subarray(0, name.width * hashBytes));
  if (bytes.byteLength !== name.width * hashBytes) {
    const problem = `${tilePath(name)} has ${bytes.byteLength} bytes instead of ${name.width * hashBytes}`;
    throw new PortreeveError('PDP_INPUT_MALFORMED', problem);
  }
  return Array.from({ length: name.width }, (_, place) =>
    bytes.subarray(place * hashBytes, (place + 1) * hashBytes),
  );
}

/** The entries of a bundle; as `readTile`. */
export async function readEntries(
  files: LogFiles,
  index: number,
  width: number,
): Promise<readonly Uint8Array[]> {
  const partial = await files.read(tilePath({ level: 'entries', index, width }));
  if (partial !== undefined) return named(index, () => entriesOf(partial, width));
  const full =
    width === tileWidth
      ? undefined
      : await files.read(tilePath({ level: 'entries', index, width: tileWidth }));
  if (full === undefined) throw missing({ level: 'entries', index, width });
  return named(index, () => entriesOf(full, tileWidth)).slice(0, width);
}

async function readNarrowed(
  files: LogFiles,
  name: TileName,
  narrowed: (full: Uint8Array) => Uint8Array,
): Promise<Uint8Array> {
  const own = await files.read(tilePath(name));
  if (own !== undefined) return own;
  const full =
    name.width === tileWidth ? undefined : await files.read(tilePath({ ...name, width: tileWidth }));
  if (full === undefined) throw missing(name);
  return narrowed(full);
}

function named<T>(index: number, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const { message } = cause as Error;
    throw new PortreeveError('PDP_INPUT_MALFORMED', `entries from ${index * tileWidth}: ${message}`, {
      cause,
    });
  }
}

function missing(name: TileName): PortreeveError {
  return new PortreeveError('PDP_NOT_FOUND', `the log has no ${tilePath(name)}`);
}
