import { open, stat, type FileHandle } from 'node:fs/promises';
import { asPortreeveError, describeThrown, PortreeveError } from '../../lib/errors.ts';
import { countCrls, type OpenBytes } from '../stream/crl-der.ts';

/** One CRL of a file; `source` is its path, with `#2` and so on for further ones of a bundle. */
export interface CrlInFile {
  readonly source: string;
  readonly open: OpenBytes;
  /** Place in the bundle, from 0. */
  readonly block: number;
}

/** A file of CRLs that is held open: whatever replaces it at its path meanwhile, the same bytes are read each time. */
export interface CrlFileBytes {
  readonly size: number;
  readonly crls: readonly CrlInFile[];
}

const chunkBytes = 64 * 1024;

/**
 * Opens a file of CRLs, DER or a PEM bundle of any size, for one piece of work. `name` is what it is called for people.
 * Throws PDP_CRL_INVALID (unreadable, no file, broken PEM) and PDP_LIMIT_EXCEEDED, both with that name, and what the
 * work throws.
 */
export async function withCrlFile<T>(
  path: string,
  { name = path, maxBytes }: { readonly name?: string; readonly maxBytes: number },
  work: (file: CrlFileBytes) => Promise<T>,
): Promise<T> {
  const file = await named(name, () => openFile(path));
  try {
    const { size } = await named(name, () => file.stat());
    if (size > maxBytes) {
      throw new PortreeveError('PDP_LIMIT_EXCEEDED', `CRL file ${name}: more than ${maxBytes} bytes`);
    }
    const openBytes: OpenBytes = () => readChunks(file, name);
    const count = await named(name, () => countCrls(openBytes, maxBytes));
    const crls = Array.from({ length: count }, (_, block) => ({
      source: block === 0 ? name : `${name}#${block + 1}`,
      open: openBytes,
      block,
    }));
    return await work({ size, crls });
  } finally {
    await file.close();
  }
}

/** Opening anything else than a file (a pipe) could wait for ever, so it is looked at first. */
async function openFile(path: string): Promise<FileHandle> {
  if (!(await stat(path)).isFile()) throw new PortreeveError('PDP_CRL_INVALID', 'it is not a file');
  return open(path, 'r');
}

async function* readChunks(file: FileHandle, name: string): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; ;) {
    const buffer = Buffer.allocUnsafeSlow(chunkBytes);
    const { bytesRead } = await named(name, () => file.read(buffer, 0, chunkBytes, at));
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

async function named<T>(name: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (thrown) {
    const { code } = asPortreeveError(thrown, 'PDP_CRL_INVALID');
    throw new PortreeveError(code, `CRL file ${name}: ${describeThrown(thrown)}`, { cause: thrown });
  }
}
