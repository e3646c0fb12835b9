import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PortreeveError, describeThrown } from '../../lib/errors.ts';
import { refused } from './failures.ts';

/** Bytes that were brought, in a file of their own until `remove`. */
export interface Spooled {
  readonly path: string;
  readonly size: number;
  /** SHA-256, lower-case hex. */
  readonly digest: string;
  readonly open: () => AsyncIterable<Uint8Array>;
  readonly remove: () => Promise<void>;
}

/** The folder where what sources bring stands until it is applied. */
export function spoolFolder(statePath: string): string {
  return `${statePath}.incoming`;
}

/** Removes what a killed server has left in the folder; one that is not there, or cannot be read, is left alone. */
export async function clearSpool(folder: string): Promise<void> {
  try {
    for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true, force: true });
  } catch {
    // Nothing reads what lies there; what cannot be written later is told then.
    return;
  }
}

/**
 * Writes a stream to a file of its own, hashing it on the way; whatever fails removes the file again. Throws what the
 * stream throws, PDP_SOURCE_REFUSED above `maxBytes`, and PDP_STORE_UNAVAILABLE where it cannot be written.
 */
export async function spool(
  body: AsyncIterable<Uint8Array>,
  folder: string,
  maxBytes: number,
  about: string,
): Promise<Spooled> {
  const path = join(folder, randomUUID());
  const remove = (): Promise<void> => rm(path, { force: true });
  const file = await create(path, folder);
  const hash = createHash('sha256');
  let size = 0;
  try {
    for await (const chunk of body) {
      size += chunk.byteLength;
      if (size > maxBytes) throw refused(`${about}: more than max_bytes (${maxBytes}) bytes`);
      hash.update(chunk);
      await file.writeFile(chunk).catch((thrown: unknown) => {
        throw unwritable(path, thrown);
      });
    }
  } catch (thrown) {
    await file.close();
    await remove();
    throw thrown;
  }
  await file.close();
  return { path, size, digest: hash.digest('hex'), open: () => createReadStream(path), remove };
}

async function create(path: string, folder: string) {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return await open(path, 'wx', 0o600);
  } catch (thrown) {
    throw unwritable(path, thrown);
  }
}

function unwritable(path: string, thrown: unknown): PortreeveError {
  const message = `what sources bring cannot be kept at ${path}: ${describeThrown(thrown)}`;
  return new PortreeveError('PDP_STORE_UNAVAILABLE', message, { cause: thrown });
}
