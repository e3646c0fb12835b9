import { PortreeveError } from '../lib/errors.ts';
import { programVersion } from '../lib/program-version.ts';
import { invalidBundle as invalid, parseJsonObject } from './bundle-json.ts';
import { readCustomReasons } from './custom-reasons.ts';
import type { CustomReasons } from './custom-reasons.ts';
import { newestInputVersion } from './input-versions.ts';
import { isObject } from './is-object.ts';
import { isAtLeast, readRequirement } from './requires.ts';
import type { OnlyUse } from './verdict-memory.ts';

/** The newest policy input that this program can write; a bundle that wants a newer one is refused. */
export const inputVersion = newestInputVersion;

/** The one rule that is asked, as `opa build -e` names it. */
export const entrypoint = 'portreeve/decision';

/** Characters of a revision: it stands in status, logs and records. */
const mostOfRevision = 1024;

export interface Manifest {
  readonly revision: string;
  /** The rule that is asked. */
  readonly entrypoint: string;
  /** Version of the policy input that the bundle's rules were written for. */
  readonly inputVersion: number;
  /** The input's keys that the rules read; undefined where the bundle does not say, and they may read all. */
  readonly inputKeys: readonly string[] | undefined;
  /** Of these, the ones that rules only name, or only ask of whether they are null; undefined where the bundle does not say. */
  readonly inputOnly: Readonly<Record<string, OnlyUse>> | undefined;
  /** Program versions that can run it, such as `>=0.1.0`; undefined where the bundle does not say. */
  readonly requires: string | undefined;
  /** Whose input and results the rules are written for; null = ours. */
  readonly compat: 'opa-envoy' | null;
  /** Reasons of the author's own. */
  readonly reasons: CustomReasons;
  /** Name of the WASM module within the bundle, without leading slash. */
  readonly module: string;
}

/**
 * Reads `.manifest` of an OPA bundle with our `metadata.portreeve.input_version`. Throws PDP_BUNDLE_INVALID where
 * something is missing or wrong, PDP_FORMAT_NEWER where the bundle wants a newer input or a newer program than this.
 */
export function readManifest(bytes: Uint8Array, program = programVersion): Manifest {
  const manifest = parseJsonObject(bytes, '.manifest');
  const revision = manifest['revision'];
  if (typeof revision !== 'string') throw invalid('.manifest has no revision');
  if (revision.length > mostOfRevision)
    throw invalid(`the revision in .manifest is longer than ${mostOfRevision} characters`);
  const foreign = foreignEntrypoint(manifest);
  if (foreign !== undefined) return readForeign(manifest, revision, foreign);
  const wanted = readEntrypoint(manifest);
  return {
    revision,
    // First, as what a newer program's bundle says further may be unknown here.
    requires: readRequires(manifest, program),
    entrypoint: wanted,
    inputVersion: readInputVersion(manifest),
    inputKeys: readInputKeys(manifest),
    inputOnly: readInputOnly(manifest),
    compat: readCompat(manifest),
    reasons: readCustomReasons(ours(manifest, 'reasons')),
    module: readModule(manifest, wanted),
  };
}

/** What opa-envoy-plugin asks where its configuration does not say. */
export const pluginEntrypoint = 'envoy/authz/allow';

/**
 * What is asked of a bundle that says nothing of ours and has no rule of ours: one that `opa build -t wasm` made of a
 * policy for opa-envoy-plugin. Undefined for any other.
 */
function foreignEntrypoint(manifest: Record<string, unknown>): string | undefined {
  const metadata = manifest['metadata'];
  if (isObject(metadata) && metadata['portreeve'] !== undefined) return undefined;
  const entrypoints = modulesOf(manifest).map((module) => module['entrypoint']);
  if (entrypoints.includes(entrypoint)) return undefined;
  if (entrypoints.includes(pluginEntrypoint)) return pluginEntrypoint;
  return entrypoints.find((one) => typeof one === 'string');
}

function readForeign(manifest: Record<string, unknown>, revision: string, asked: string): Manifest {
  return {
    revision,
    requires: undefined,
    entrypoint: asked,
    inputVersion,
    inputKeys: undefined,
    inputOnly: undefined,
    compat: 'opa-envoy',
    reasons: readCustomReasons(undefined),
    module: readModule(manifest, asked),
  };
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

function readInputOnly(manifest: Record<string, unknown>): Readonly<Record<string, OnlyUse>> | undefined {
  const only = ours(manifest, 'input_only');
  if (only === undefined) return undefined;
  if (!isObject(only) || !Object.values(only).every((use) => use === 'told' || use === 'null')) {
    throw invalid('metadata.portreeve.input_only does not give "told" or "null" by names of keys');
  }
  return only as Record<string, OnlyUse>;
}

function readRequires(manifest: Record<string, unknown>, program: string): string | undefined {
  const requires = ours(manifest, 'requires');
  if (requires === undefined) return undefined;
  const least = typeof requires === 'string' ? readRequirement(requires) : undefined;
  if (typeof requires !== 'string' || least === undefined) {
    throw invalid('metadata.portreeve.requires is not a version such as ">=0.1.0"');
  }
  if (!isAtLeast(program, least)) {
    throw new PortreeveError(
      'PDP_FORMAT_NEWER',
      `the policy bundle needs portreeve ${requires}, this is ${program}: use a newer program, or a bundle built for this one`,
    );
  }
  return requires;
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

function readEntrypoint(manifest: Record<string, unknown>): string {
  const wanted = ours(manifest, 'entrypoint') ?? entrypoint;
  if (typeof wanted !== 'string') throw invalid('metadata.portreeve.entrypoint is not a text');
  return wanted;
}

function readCompat(manifest: Record<string, unknown>): 'opa-envoy' | null {
  const compat = ours(manifest, 'compat') ?? null;
  if (compat !== null && compat !== 'opa-envoy')
    throw invalid('metadata.portreeve.compat is not "opa-envoy"');
  return compat;
}

function modulesOf(manifest: Record<string, unknown>): readonly Record<string, unknown>[] {
  const modules = manifest['wasm'];
  return Array.isArray(modules) ? modules.filter(isObject) : [];
}

function readModule(manifest: Record<string, unknown>, entrypoint: string): string {
  if (!Array.isArray(manifest['wasm'])) {
    throw invalid('.manifest names no WASM module; build with `-t wasm`');
  }
  const found = modulesOf(manifest).filter((module) => module['entrypoint'] === entrypoint);
  const module = found[0]?.['module'];
  if (found.length !== 1 || typeof module !== 'string') {
    throw invalid(`.manifest does not name one module for the entrypoint ${entrypoint}`);
  }
  return module.replace(/^\//, '');
}
