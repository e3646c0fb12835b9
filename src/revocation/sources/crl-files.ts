import type { Dirent } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { asPortreeveError, describeThrown, PortreeveError } from '../../lib/errors.ts';
import { splitCrls } from '../crl-pem.ts';
import { crlLimits } from '../limits.ts';

/** A CRL file that is there, and a stamp that differs once the file was written or replaced. */
export interface CrlFile {
  readonly path: string;
  readonly stamp: string;
}

/** A file or folder that could not be used. */
export interface CrlFileProblem {
  readonly path: string;
  readonly error: PortreeveError;
}

/** One CRL as it was read; `source` is the path, with `#2` and so on for further ones of a bundle. */
export interface CrlBytes {
  readonly source: string;
  readonly bytes: Uint8Array;
}

const endings = ['.crl', '.pem', '.der'];

/**
 * The CRL files behind configured paths: a path that is a file, and of a folder every `*.crl`, `*.pem` and `*.der`
 * (not those in folders below, nor names that begin with a dot). Links are followed, so that a file replaced by rename
 * or by a switched `..data` link has another stamp. What cannot be read is a problem, PDP_CRL_INVALID with its path; the others go on.
 */
export async function listCrlFiles(
  paths: readonly string[],
): Promise<{ files: CrlFile[]; problems: CrlFileProblem[] }> {
  const files = new Map<string, CrlFile>();
  const problems: CrlFileProblem[] = [];
  for (const path of paths) {
    try {
      for (const file of await listPath(path, problems)) files.set(file.path, file);
    } catch (thrown) {
      problems.push({ path, error: unreadable(path, thrown) });
    }
  }
  return { files: [...files.values()], problems };
}

/**
 * Reads the CRLs of one file, DER or a PEM bundle. Throws PDP_CRL_INVALID (unreadable, half-written PEM) and
 * PDP_LIMIT_EXCEEDED, both with the path. Half-written DER is told by the import.
 */
export async function readCrlFile(path: string): Promise<CrlBytes[]> {
  try {
    const crls = splitCrls(await readLimited(path));
    return crls.map((bytes, index) => ({ source: index === 0 ? path : `${path}#${index + 1}`, bytes }));
  } catch (thrown) {
    throw unreadable(path, thrown);
  }
}

async function listPath(path: string, problems: CrlFileProblem[]): Promise<CrlFile[]> {
  const found = await stat(path);
  if (!found.isDirectory()) return [await stamped(path)];
  const names = (await readdir(path, { withFileTypes: true })).filter(isCrlName).map((entry) => entry.name);
  if (names.length > crlLimits.filesPerFolder) {
    throw new PortreeveError('PDP_LIMIT_EXCEEDED', `more than ${crlLimits.filesPerFolder} CRL files`);
  }
  const files: CrlFile[] = [];
  for (const name of names.sort()) {
    const file = join(path, name);
    try {
      files.push(await stamped(file));
    } catch (thrown) {
      problems.push({ path: file, error: unreadable(file, thrown) });
    }
  }
  return files;
}

function isCrlName(entry: Dirent): boolean {
  return (
    !entry.isDirectory() &&
    !entry.name.startsWith('.') &&
    endings.some((ending) => entry.name.endsWith(ending))
  );
}

async function stamped(path: string): Promise<CrlFile> {
  const { dev, ino, size, mtimeMs, ctimeMs } = await stat(path);
  return { path, stamp: [dev, ino, size, mtimeMs, ctimeMs].join(':') };
}

/** Reads a whole file; opening anything else (a pipe) could wait for ever, so it is looked at first. */
async function readLimited(path: string): Promise<Uint8Array> {
  if (!(await stat(path)).isFile()) throw new PortreeveError('PDP_CRL_INVALID', 'it is not a file');
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    if (size > crlLimits.bytes) {
      throw new PortreeveError('PDP_LIMIT_EXCEEDED', `more than ${crlLimits.bytes} bytes`);
    }
    return await file.readFile();
  } finally {
    await file.close();
  }
}

function unreadable(path: string, thrown: unknown): PortreeveError {
  const { code } = asPortreeveError(thrown, 'PDP_CRL_INVALID');
  return new PortreeveError(code, `CRL file ${path}: ${describeThrown(thrown)}`, { cause: thrown });
}
