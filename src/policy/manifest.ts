import { PortreeveError } from '../lib/errors.ts';

/** The newest policy input that this program can write; a bundle that wants a newer one is refused. */
export const inputVersion = 1;

/** The one rule that is asked, as `opa build -e` names it. */
export const entrypoint = 'portreeve/decision';

export interface Manifest {
  readonly revision: string;
  /** Version of the policy input that the bundle's rules were written for. */
  readonly inputVersion: number;
  /** The input's keys that the rules read; undefined where the bundle does not say, and they may read all. */
  readonly inputKeys: readonly string[] | undefined;
  /** Name of the WASM module within the bundle, without leading slash. */
  readonly module: string;
}

/**
 * Reads `.manifest` of an OPA bundle with our `metadata.portreeve.input_version`. Throws PDP_BUNDLE_INVALID where
 * something is missing or wrong, PDP_FORMAT_NEWER where the bundle wants a newer input than this program has.
 */
export function readManifest(bytes: Uint8Array): Manifest {
  const manifest = parseJsonObject(bytes, '.manifest');
  const revision = manifest['revision'];
  if (typeof revision !== 'string') throw invalid('.manifest has no revision');
  return {
    revision,
    inputVersion: readInputVersion(manifest),
    inputKeys: readInputKeys(manifest),
    module: readModule(manifest),
  };
}

/** Decodes strict UTF-8 JSON whose top level is an object; throws PDP_BUNDLE_INVALID naming the file. */
export function parseJsonObject(bytes: Uint8Array, name: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new PortreeveError('PDP_BUNDLE_INVALID', `policy bundle: ${name} is not JSON`, { cause });
  }
  if (!isObject(value)) throw invalid(`${name} is not a JSON object`);
  return value;
}

/** A JSON object, neither null nor a list. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What the manifest says under a name of ours. */
function ours(manifest: Record<string, unknown>, name: string): unknown {
  const metadata = manifest['metadata'];
  const said = isObject(metadata) ? metadata['portreeve'] : undefined;
  return isObject(said) ? said[name] : undefined;
}

function readInputKeys(manifest: Record<string, unknown>): readonly string[] | undefined {
  const keys = ours(manifest, 'input_keys');
  if (keys === undefined) return undefined;
  if (!Array.isArray(keys) || !keys.every((key): key is string => typeof key === 'string')) {
    throw invalid('metadata.portreeve.input_keys is not a list of names');
  }
  return keys;
}

function readInputVersion(manifest: Record<string, unknown>): number {
  const version = ours(manifest, 'input_version');
  if (version === undefined) throw invalid('.manifest does not say metadata.portreeve.input_version');
  if (typeof version !== 'number' || !Number.isSafeInteger(version) || version < 1) {
    throw invalid('metadata.portreeve.input_version is not a positive whole number');
  }
  if (version > inputVersion) {
    throw new PortreeveError(
      'PDP_FORMAT_NEWER',
      `the policy bundle wants input version ${version}, this program writes version ${inputVersion}: ` +
        'use a newer program, or a bundle built for this one',
    );
  }
  return version;
}

function readModule(manifest: Record<string, unknown>): string {
  const modules = manifest['wasm'];
  if (!Array.isArray(modules)) throw invalid('.manifest names no WASM module; build with `-t wasm`');
  const found = modules.filter(isObject).filter((module) => module['entrypoint'] === entrypoint);
  const module = found[0]?.['module'];
  if (found.length !== 1 || typeof module !== 'string') {
    throw invalid(`.manifest does not name one module for the entrypoint ${entrypoint}`);
  }
  return module.replace(/^\//, '');
}

function invalid(problem: string): PortreeveError {
  return new PortreeveError('PDP_BUNDLE_INVALID', `policy bundle: ${problem}`);
}
