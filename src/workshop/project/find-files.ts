import { existsSync, globSync, readdirSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';

/**
 * Files below `folder` that `paths` (files, folders, or patterns of both, relative to it) name and whose names end with one
 * of `endings`: relative, with `/`, sorted by code unit, each once. A path that is not there names nothing; what is
 * hidden (`.git`) and `node_modules` is left out, and links to folders are not followed.
 */
export function findFiles(
  folder: string,
  paths: readonly string[],
  endings: readonly string[],
): readonly string[] {
  const wanted = existing(folder, paths)
    .flatMap((path) => (isFolder(join(folder, path)) ? filesWithin(folder, path) : [path]))
    .filter((file) => endings.some((ending) => file.endsWith(ending)) && !isLeftOut(file));
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

function filesWithin(folder: string, path: string): readonly string[] {
  return readdirSync(join(folder, path), { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => plainPath(join(entry.parentPath, entry.name).slice(join(folder, '/').length)));
}

function plainPath(path: string): string {
  return posix.normalize(path.replaceAll('\\', '/')).replace(/(?<=.)\/$/, '');
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function isLeftOut(file: string): boolean {
  return file.split('/').some((part) => part.startsWith('.') || part === 'node_modules');
}
