import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { PortreeveError } from '../../lib/errors.ts';
import { entrypoint, inputVersion, pluginEntrypoint } from '../../policy/manifest.ts';
import { parseDocument, readText } from '../document/read.ts';
import { existing, findFiles } from './find-files.ts';
import schema from './policy.schema.json' with { type: 'json' };
import type { Project, ProjectFile } from './types.ts';

const fits = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile<ProjectFile>(schema);

/** Name of the file that makes a folder a policy project. */
export const projectFileName = 'policy.yaml';

/** What the compiler may use unless a project says otherwise; the same place seen from `src/workshop` and `dist/workshop`. */
export const defaultCapabilities = shipped('capabilities.json');

/** The same for policies that are written for opa-envoy-plugin: with the functions that the host gives them. */
export const compatCapabilities = shipped('capabilities-compat.json');

function shipped(name: string): string {
  return fileURLToPath(new URL(`../../../rego/${name}`, import.meta.url));
}

/**
 * Opens the policy project in `folder`. Throws PDP_PROJECT_INVALID (a `DocumentError` with all problems) where
 * `policy.yaml` is missing or malformed, names a file or folder that is not there, or no Rego module is found.
 */
export function openProject(folder: string): Project {
  const root = resolve(folder);
  const file = join(root, projectFileName);
  if (!existsSync(file)) {
    throw new PortreeveError(
      'PDP_PROJECT_INVALID',
      `${root}: no ${projectFileName} is there; \`portreeve policy init\` makes a project`,
    );
  }
  const { value } = parseDocument(readText(file, 'PDP_PROJECT_INVALID'), file, fits, 'PDP_PROJECT_INVALID');
  return projectOf(file, value);
}

/** The project that a `policy.yaml` at `file` describes; for projects that are made by program. Same errors. */
export function projectOf(file: string, said: ProjectFile): Project {
  const folder = dirname(file);
  refuseAbsent(file, said);
  const rego = findFiles(folder, said.modules ?? ['rego'], ['.rego']);
  const data = existing(folder, said.data ?? ['data']);
  const dataFiles = findFiles(folder, data, documentEndings);
  refuseUpperCase(file, { modules: rego, data: dataFiles });
  const isTest = (name: string): boolean => name.endsWith('_test.rego');
  const modules = rego.filter((name) => !isTest(name));
  if (modules.length === 0) {
    throw new PortreeveError('PDP_PROJECT_INVALID', `${file}: no Rego file is where "modules" says`);
  }
  const caseFiles = findFiles(folder, said.cases ?? ['cases'], documentEndings);
  return {
    folder,
    file,
    inputVersion: said.input_version ?? inputVersion,
    requires: said.requires ?? '>=0.1.0',
    entrypoint: said.entrypoint ?? (said.compat ? pluginEntrypoint : entrypoint),
    compat: said.compat ?? null,
    regoVersion: said.rego_version ?? 1,
    modules,
    tests: rego.filter(isTest),
    data,
    dataFiles,
    caseFiles,
    selfTestFiles: selfTestFiles(file, said, caseFiles),
    reasons: said.reasons ?? {},
    capabilities: capabilitiesOf(file, said),
  };
}

/** A misspelt folder would leave out rules, data or cases, and nobody would notice: what is left still compiles. */
function refuseAbsent(file: string, said: ProjectFile): void {
  for (const key of ['modules', 'data', 'cases'] as const) {
    const absent = said[key]?.find((path) => existing(dirname(file), [path]).length === 0);
    if (absent === undefined) continue;
    throw new PortreeveError(
      'PDP_PROJECT_INVALID',
      `${file}: ${key}: nothing is at "${absent}": correct it, or take it out`,
    );
  }
}

/** `opa` passes files over whose endings are in upper case: rules and data would silently not be there. */
function refuseUpperCase(file: string, found: Readonly<Record<string, readonly string[]>>): void {
  for (const [key, names] of Object.entries(found)) {
    const passedOver = names.find((name) => /\.[^./]*[A-Z][^./]*$/.test(name));
    if (passedOver === undefined) continue;
    throw new PortreeveError(
      'PDP_PROJECT_INVALID',
      `${file}: ${key}: opa passes over "${passedOver}": write the ending of its name in lower case`,
    );
  }
}

const documentEndings = ['.yaml', '.yml', '.json'];

/** A pattern that names no case file would leave the bundle without the test that its author thinks it has. */
function selfTestFiles(file: string, said: ProjectFile, caseFiles: readonly string[]): readonly string[] {
  const patterns = said.self_test ?? [];
  const named = new Set(
    patterns.flatMap((pattern) => {
      const found = findFiles(dirname(file), [pattern], documentEndings);
      if (found.some((name) => caseFiles.includes(name))) return found;
      throw new PortreeveError('PDP_PROJECT_INVALID', `${file}: self_test: "${pattern}" names no case file`);
    }),
  );
  return caseFiles.filter((name) => named.has(name));
}

function capabilitiesOf(file: string, { capabilities: named, compat }: ProjectFile): string {
  const own = join(dirname(file), named ?? 'capabilities.json');
  if (existsSync(own)) return own;
  if (named === undefined) return compat === 'opa-envoy' ? compatCapabilities : defaultCapabilities;
  throw new PortreeveError('PDP_PROJECT_INVALID', `${file}: capabilities: ${own} is not there`);
}
