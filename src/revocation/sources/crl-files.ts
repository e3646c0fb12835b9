import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { asPortreeveError, describeThrown, PortreeveError } from '../../lib/errors.ts';
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

function unreadable(path: string, thrown: unknown): PortreeveError {
  const { code } = asPortreeveError(thrown, 'PDP_CRL_INVALID');
  return new PortreeveError(code, `CRL file ${path}: ${describeThrown(thrown)}`, { cause: thrown });
}
