/** Compiles Rego to what goes into a policy bundle, with the `opa` that `scripts/opa.sh` finds. */
import { execFileSync, spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { sha256Hex } from '../src/lib/bytes.ts';
import { parseJsonObject } from '../src/policy/bundle-json.ts';
import { entrypoint, inputVersion } from '../src/policy/manifest.ts';
import type { BundleContents } from '../src/policy/pack-bundle.ts';
import { readTar } from '../src/policy/tar.ts';
import { inputKeysOf } from './input-keys.ts';

const root = join(import.meta.dirname, '..');
const capabilities = join(root, 'rego/capabilities.json');

/** Path of `opa`, or undefined where there is none; `scripts/opa.sh` says why on standard error. */
export function findOpa(...options: readonly ('--exact' | '--present')[]): string | undefined {
  try {
    const stdio = ['ignore', 'pipe', 'inherit'] as const;
    return execFileSync('sh', [join(root, 'scripts/opa.sh'), ...options], {
      encoding: 'utf8',
      stdio: [...stdio],
    }).trim();
  } catch {
    return undefined;
  }
}

/**
 * Compiles `paths` (relative to `folder`, so that nothing of the machine is in the module) to WASM. `sources` names
 * the files with their digests; their digest in turn is the bundle's revision. Throws with opa's own words where
 * the policy does not compile.
 */
export function compileRego(
  opa: string,
  folder: string,
  paths: readonly string[],
  sources: Readonly<Record<string, string>>,
): BundleContents {
  const output = mkdtempSync(join(tmpdir(), 'portreeve-bundle-'));
  try {
    const packed = join(output, 'bundle.tar.gz');
    const flags = ['-t', 'wasm', '-e', entrypoint, '--capabilities', capabilities, '--ignore', '*_test.rego'];
    const built = spawnSync(opa, ['build', ...flags, '-o', packed, ...paths], {
      cwd: folder,
      encoding: 'utf8',
    });
    if (built.status !== 0)
      throw new Error(`opa build: ${built.stderr}${built.stdout}`, { cause: built.error });
    const files = readTar(gunzipSync(readFileSync(packed)));
    return {
      wasm: files.get('policy.wasm') as Uint8Array,
      data: parseJsonObject(files.get('data.json') as Uint8Array, 'data.json'),
      revision: sha256Hex(JSON.stringify(sources)),
      inputVersion,
      inputKeys: inputKeysOf(opa, modulesIn(folder, paths)),
      compiler: compilerName(opa),
      sources,
    };
  } finally {
    rmSync(output, { recursive: true, force: true });
  }
}

/** The Rego files that are compiled, `paths` being files or folders. */
function modulesIn(folder: string, paths: readonly string[]): readonly string[] {
  return paths
    .flatMap((path) => (path.endsWith('.rego') ? [path] : globSync(`${path}/**/*.rego`, { cwd: folder })))
    .filter((file) => !file.endsWith('_test.rego'))
    .map((file) => join(folder, file));
}

/** Digests of files by their names relative to `folder`. */
export function digestFiles(folder: string, files: readonly string[]): Record<string, string> {
  return Object.fromEntries(files.map((file) => [file, sha256Hex(readFileSync(join(folder, file)))]));
}

function compilerName(opa: string): string {
  const version = /^Version: *(\S+)/m.exec(execFileSync(opa, ['version'], { encoding: 'utf8' }))?.[1];
  return `opa ${version ?? 'unknown'}`;
}
