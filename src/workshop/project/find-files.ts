import { existsSync, globSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { join, posix, sep } from 'node:path';
import { PortreeveError } from '../../lib/errors.ts';

/**
 * Files below `folder` that `paths` (files, folders, or patterns of both, relative to it) name and whose names end with one
 * of `endings` (lower case; in whatever case they are written): relative, with `/`, sorted by code unit, each once. A path
 * that is not there names nothing; what is hidden (`.git`) and `node_modules` is left out, unless all is wanted. Links to folders are followed, as
 * `opa` does, but for one that leads back to a folder that it is in. Throws PDP_PROJECT_INVALID for one that leads out of
 * `folder`, as paths may not either.
 */
export function findFiles(
  folder: string,
  paths: readonly string[],
  endings: readonly string[],
  all = false,
): readonly string[] {
  const wanted = existing(folder, paths)
    .flatMap((path) => (isFolder(join(folder, path)) ? filesWithin(folder, path, all) : [path]))
    .filter(
      (file) => endings.some((ending) => file.toLowerCase().endsWith(ending)) && (all || !isLeftOut(file)),
    );
  return [...new Set(wanted)].sort();
}

/** What is there of `paths`, patterns resolved, relative to `folder` with `/`. */
export function existing(folder: string, paths: readonly string[]): readonly string[] {
  const found = paths.flatMap((path) =>
    // A name that is there is itself, whatever its characters would mean in a pattern.
    existsSync(join(folder, path)) ? [path] : globSync(path, { cwd: folder }),
  );
  return [...new Set(found.map(plainPath))].sort();
}

function filesWithin(
  folder: string,
  path: string,
  all: boolean,
  within: readonly string[] = [],
): readonly string[] {
  const real = realpathSync(join(folder, path));
  if (within.includes(real)) return [];
  if (!`${real}${sep}`.startsWith(join(realpathSync(folder), sep))) {
    const place = join(folder, path);
    throw new PortreeveError('PDP_PROJECT_INVALID', `${place} is a link to a folder outside of ${folder}`);
  }
  return readdirSync(join(folder, path), { withFileTypes: true }).flatMap((entry) => {
    const name = posix.join(path, entry.name);
    if (!all && isLeftOut(entry.name)) return [];
    const goesOn = entry.isDirectory() || (entry.isSymbolicLink() && isFolder(join(folder, name)));
    return goesOn ? filesWithin(folder, name, all, [...within, real]) : [name];
  });
}

function plainPath(path: string): string {
  return posix.normalize(path.replaceAll('\\', '/')).replace(/(?<=.)\/$/, '');
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    // Nothing is there, or a link that leads nowhere: whoever reads it says so.
    return false;
  }
}

function isLeftOut(file: string): boolean {
  return file.split('/').some((part) => part.startsWith('.') || part === 'node_modules');
}
