import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { sha256Hex } from '../lib/bytes.ts';
import { PortreeveError, asPortreeveError } from '../lib/errors.ts';
import { invalidBundle, parseExactObject } from './bundle-json.ts';
import type { CustomReasons } from './custom-reasons.ts';
import { refuseLargeDocuments } from './document-limits.ts';
import { isObject } from './is-object.ts';
import { readManifest } from './manifest.ts';
import { readTar } from './tar.ts';
import type { BundleInfo } from './types.ts';
import type { OnlyUse } from './verdict-memory.ts';

/** A policy bundle that was read, checked for form, and not yet compiled. */
export interface Bundle extends BundleInfo {
  readonly wasm: Uint8Array;
  /** The rule that is asked. */
  readonly entrypoint: string;
  /** Whose input and results the rules are written for; null = ours. */
  readonly compat: 'opa-envoy' | null;
  /** Program versions that can run it, such as `>=0.1.0`. */
  readonly requires?: string;
  /** The text of `/self-test.json`, for `readSelfTest`; undefined where the bundle carries none. */
  readonly selfTest?: Uint8Array;
  /** The input's keys that the rules read; undefined where they may read all. */
  readonly inputKeys?: readonly string[];
  /** Of these, the ones that rules only name, or only ask of whether they are null. */
  readonly inputOnly?: Readonly<Record<string, OnlyUse>>;
  /** Reasons of the author's own that the rules may tell; none where it is left out. */
  readonly reasons?: CustomReasons;
  /** The bundle's own data document. */
  readonly data: Readonly<Record<string, unknown>>;
}

const limits = {
  /** Bytes of the file. */
  packed: 16 * 1024 * 1024,
  /** Bytes of the archive once unpacked, so that a small file cannot fill the memory. */
  unpacked: 64 * 1024 * 1024,
} as const;

/** The bundle that ships with the program; the same place seen from `src/policy` and from `dist/policy`. */
export const defaultBundlePath = fileURLToPath(
  new URL('../../rego/bundle/portreeve.tar.gz', import.meta.url),
);

/**
 * Reads a bundle file (`.tar.gz` as `opa build -t wasm` makes it, its manifest naming our input version);
 * `null` is the default bundle. Throws PDP_BUNDLE_INVALID where it is missing, unreadable or malformed, and
 * PDP_FORMAT_NEWER where it wants a newer policy input than this program has.
 */
export function readBundle(path: string | null): Bundle {
  return bundleFrom(readBundleFile(path), path);
}

/** The bytes of a bundle file, as they are. Throws PDP_BUNDLE_INVALID, naming the file. */
export function readBundleFile(path: string | null): Uint8Array {
  const file = path ?? defaultBundlePath;
  return naming(file, () => readLimited(file));
}

/** Parses bytes that were read from a file before; same errors as `readBundle`. */
export function bundleFrom(bytes: Uint8Array, path: string | null): Bundle {
  return naming(path ?? defaultBundlePath, () => parseBundle(bytes));
}

function naming<T>(file: string, run: () => T): T {
  try {
    return run();
  } catch (thrown) {
    const { code, message } = asPortreeveError(thrown, 'PDP_BUNDLE_INVALID');
    throw new PortreeveError(code, `${file}: ${message}`, { cause: thrown });
  }
}

/** Parses a bundle's bytes; same errors as `readBundle`. */
export function parseBundle(bytes: Uint8Array): Bundle {
  const files = bundleFilesOf(bytes);
  const manifest = readManifest(required(files, '.manifest'));
  const selfTest = files.get('self-test.json');
  return {
    digest: sha256Hex(bytes),
    revision: manifest.revision,
    entrypoint: manifest.entrypoint,
    inputVersion: manifest.inputVersion,
    compat: manifest.compat,
    ...(manifest.requires !== undefined && { requires: manifest.requires }),
    ...(selfTest && { selfTest }),
    ...(manifest.inputKeys && { inputKeys: manifest.inputKeys }),
    ...(manifest.inputOnly && { inputOnly: manifest.inputOnly }),
    reasons: manifest.reasons,
    wasm: required(files, manifest.module),
    data: readData(files),
  };
}

/** The files of a packed bundle, name without leading slash → content. Throws PDP_BUNDLE_INVALID. */
export function bundleFilesOf(bytes: Uint8Array): ReadonlyMap<string, Uint8Array> {
  if (bytes.byteLength > limits.packed) throw tooLarge(limits.packed);
  const files = readTar(inflate(bytes));
  refuseLargeDocuments(files);
  return files;
}

function readLimited(file: string): Uint8Array {
  const descriptor = openSync(file, 'r');
  try {
    if (fstatSync(descriptor).size > limits.packed) throw tooLarge(limits.packed);
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function inflate(bytes: Uint8Array): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: limits.unpacked });
  } catch (cause) {
    if (cause instanceof RangeError) throw tooLarge(limits.unpacked);
    throw new PortreeveError('PDP_BUNDLE_INVALID', 'policy bundle: not a whole gzip file', { cause });
  }
}

/** Read without rounding: a policy may compare numbers that a double cannot hold. */
function readData(files: ReadonlyMap<string, Uint8Array>): Record<string, unknown> {
  refuseOtherData(files);
  const data = parseExactObject(required(files, 'data.json'), 'data.json');
  if (data['portreeve'] !== undefined && !isObject(data['portreeve'])) {
    throw new PortreeveError('PDP_BUNDLE_INVALID', 'policy bundle: data.json: "portreeve" is not an object');
  }
  return data;
}

/** What OPA would merge into its data and we would leave out must not be there: the policy would decide by other data. */
function refuseOtherData(files: ReadonlyMap<string, Uint8Array>): void {
  for (const name of files.keys()) {
    if (name === 'data.json' || !/(^|\/)(data\.(json|ya?ml)|patch\.json)$/.test(name)) continue;
    throw invalidBundle(`${name}: data stands in one /data.json, as \`opa build\` writes it`);
  }
}

function required(files: ReadonlyMap<string, Uint8Array>, name: string): Uint8Array {
  const file = files.get(name);
  if (!file) throw new PortreeveError('PDP_BUNDLE_INVALID', `policy bundle: ${name} is missing`);
  return file;
}

function tooLarge(limit: number): PortreeveError {
  return new PortreeveError('PDP_BUNDLE_INVALID', `policy bundle: larger than ${limit / 1024 / 1024} MiB`);
}
