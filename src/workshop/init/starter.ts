import { readFileSync, readdirSync } from 'node:fs';
import { join, posix, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inputSchemaPath } from '../../policy/input-versions.ts';
import { programVersion } from '../../lib/program-version.ts';
import { defaultCapabilities, projectFileName } from '../project/open.ts';
import { recipeFolder, withReasons } from './recipes.ts';

/** Files of a project by their names, relative to its folder with `/`. */
export type ProjectFiles = ReadonlyMap<string, Uint8Array>;

/** The project that the package holds as files; the same place seen from `src/workshop` and `dist/workshop`. */
const starter = fileURLToPath(new URL('../../../examples/policy/starter/', import.meta.url));

/** Files and folders whose names begin with a dot in a project: a package may not hold all of them under these names. */
const hidden = /^(github|gitlab-ci\.yml|gitignore)(?=\/|$)/;

/** What stands in the starter for the version of the program that makes the project. */
const versionMark = '@portreeve-version@';

/**
 * Everything that `policy init` writes: the starter, the schemas for editors, the capabilities and, for each of `recipes`,
 * its rule with data and reasons. Throws PDP_NOT_FOUND for a recipe that there is not.
 */
export function starterFiles(recipes: readonly string[]): ProjectFiles {
  const files = new Map<string, Uint8Array>();
  for (const name of filesBelow(starter)) {
    files.set(name.replace(hidden, '.$1'), versioned(readFileSync(join(starter, name))));
  }
  for (const [name, path] of Object.entries(copies)) files.set(name, readFileSync(path));
  for (const recipe of recipes) addRecipe(files, recipe);
  return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What a project has of the program itself, so that editors and `opa` find it beside the policy. */
const copies: Readonly<Record<string, string>> = {
  'capabilities.json': defaultCapabilities,
  'schemas/input.json': inputSchemaPath(1),
  'schemas/policy.json': fileURLToPath(new URL('../project/policy.schema.json', import.meta.url)),
  'schemas/cases.json': fileURLToPath(new URL('../cases/case.schema.json', import.meta.url)),
};

function versioned(bytes: Buffer): Uint8Array {
  const text = bytes.toString('utf8');
  return text.includes(versionMark) ? Buffer.from(text.replaceAll(versionMark, programVersion)) : bytes;
}

/** A recipe's folders are laid over the project's; its reasons go into `policy.yaml`; its page stays where it is. */
function addRecipe(files: Map<string, Uint8Array>, recipe: string): void {
  const folder = recipeFolder(recipe);
  for (const name of filesBelow(folder)) {
    const bytes = readFileSync(join(folder, name));
    if (name === 'reasons.yaml') {
      const project = Buffer.from(files.get(projectFileName) ?? '').toString('utf8');
      files.set(projectFileName, Buffer.from(withReasons(project, bytes.toString('utf8'))));
    } else if (name !== 'README.md') files.set(name, bytes);
  }
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length))
    .map((name) => posix.join(...name.split(sep)))
    .map((name) => name.replace(/^\//, ''))
    .filter((name) => !leftOver.test(name))
    .sort();
}

/** What commands leave behind in a checkout where somebody tried the starter itself. */
const leftOver = /^\.portreeve\/|^[^/]*\.tar\.gz$/;
