import { globSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Files below `folder` that `paths` (files, folders, or patterns of both, relative to it) name and whose names end with one
 * of `endings`: relative, with `/`, sorted by code unit, each once. A path that is not there names nothing; what is
 * hidden (`.git`) and `node_modules` is left out.
 */
export function findFiles(
  folder: string,
  paths: readonly string[],
  endings: readonly string[],
): readonly string[] {
  const files = existing(folder, paths).flatMap((path) =>
    isFolder(join(folder, path)) ? globSync(`${escaped(path)}/**/*`, { cwd: folder }) : [path],
  );
  const wanted = files
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => endings.some((ending) => file.endsWith(ending)) && !isLeftOut(file));
  return [...new Set(wanted)].filter((file) => !isFolder(join(folder, file))).sort();
}

/** What is there of `paths`, patterns resolved. */
export function existing(folder: string, paths: readonly string[]): readonly string[] {
  const found = paths.flatMap((path) => globSync(path.replace(/^(\.\/)+/, ''), { cwd: folder }));
  return [...new Set(found)].sort();
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function isLeftOut(file: string): boolean {
  return file.split('/').some((part) => part.startsWith('.') || part === 'node_modules');
}

/** A folder that is there may have characters in its name that mean something in a pattern. */
function escaped(path: string): string {
  return path.replaceAll(/[*?[\]{}()!]/g, '[$&]');
}
