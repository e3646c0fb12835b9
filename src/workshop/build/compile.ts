import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { sha256Hex } from '../../lib/bytes.ts';
import { PortreeveError } from '../../lib/errors.ts';
import type { BundleContents } from '../../policy/pack-bundle.ts';
import { readTar } from '../../policy/tar.ts';
import type { Opa } from '../opa/find.ts';
import { runOpaSync } from '../opa/run.ts';
import { projectFileName } from '../project/open.ts';
import type { Project } from '../project/types.ts';
import { inputUseOf, loadedModules } from './input-use.ts';

/**
 * Compiles a project to what goes into its bundle, all but the self-test. The compiler runs in the project's folder with
 * relative names, so that nothing of the machine is in the module: the same sources give the same bytes everywhere.
 * `sources` names the files with their digests; their digest in turn is the bundle's revision. Throws PDP_POLICY_INVALID
 * with opa's own words where the policy does not compile.
 */
export function compileProject(opa: Opa, project: Project): BundleContents {
  const { data, wasm } = compileModule(opa, project);
  const sources = digestSources(project);
  // Rules of another program read their own input document, whose keys are not ours to leave out.
  const use = project.compat === null ? inputUseOf(opa, project) : undefined;
  return {
    wasm,
    data,
    revision: sha256Hex(JSON.stringify(sources)),
    entrypoint: project.entrypoint,
    inputVersion: project.inputVersion,
    ...(use && { inputKeys: use.keys, inputOnly: use.only }),
    requires: project.requires,
    compat: project.compat,
    regoVersion: project.regoVersion,
    reasons: project.reasons,
    compiler: `opa ${opa.version}`,
    sources,
  };
}

function compileModule(opa: Opa, project: Project): { readonly wasm: Uint8Array; readonly data: Uint8Array } {
  const output = mkdtempSync(join(tmpdir(), 'portreeve-build-'));
  try {
    const packed = join(output, 'bundle.tar.gz');
    const built = runOpaSync(opa, [...buildFlags(project), '-o', packed, '--', ...inputsOf(project)], {
      cwd: project.folder,
    });
    if (built.status !== 0) {
      throw new PortreeveError('PDP_POLICY_INVALID', `opa build: ${built.stderr}${built.stdout}`.trim());
    }
    const files = readTar(gunzipSync(readFileSync(packed)));
    const [wasm, data] = [files.get('policy.wasm'), files.get('data.json')];
    if (!wasm || !data) throw new PortreeveError('PDP_POLICY_INVALID', 'opa build made no module');
    return { wasm, data };
  } finally {
    rmSync(output, { recursive: true, force: true });
  }
}

function buildFlags(project: Project): readonly string[] {
  return [
    'build',
    ...['-t', 'wasm', '-e', project.entrypoint],
    ...['--capabilities', project.capabilities],
    ...(project.regoVersion === 0 ? ['--v0-compatible'] : []),
  ];
}

/** Modules by name, so that nothing else in their folders (cases, tests) is taken for data. */
function inputsOf(project: Project): readonly string[] {
  return [...project.modules, ...project.data];
}

/** SHA-256 (hex) of everything that the bundle is made from, by name relative to the project. */
function digestSources(project: Project): Readonly<Record<string, string>> {
  const capabilities = relative(project.folder, project.capabilities).replaceAll('\\', '/');
  const own = capabilities.startsWith('../') ? [] : [capabilities];
  const described = existsSync(project.file) ? [projectFileName] : [];
  const files = [
    ...described,
    ...loadedModules(project),
    ...project.dataFiles,
    ...project.selfTestFiles,
    ...own,
  ];
  return Object.fromEntries(
    [...new Set(files)].sort().map((name) => [name, sha256Hex(readFileSync(join(project.folder, name)))]),
  );
}
