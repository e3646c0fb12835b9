import { readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, relative } from 'node:path';
import type { Config } from '../../config/types.ts';
import { describeThrown } from '../../lib/errors.ts';
import { mostNameBytes } from './archive.ts';

/** A file of the configuration as it was read: what is written is what its digest is of. */
export interface ConfigFile {
  /** From the folder of the configuration. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface ConfigFiles {
  readonly carried: readonly ConfigFile[];
  readonly notCarried: readonly { readonly path: string; readonly why: string }[];
}

const secretKeys: ReadonlySet<string> = new Set(['key', 'headers_file']);
/** What they name is written by the server, or is in the state. */
const leftOut: ReadonlySet<string> = new Set(['audit', 'state', 'crls']);
const mostBytes = 16 * 1024 * 1024;
const mostNameInArchive = mostNameBytes - 'config/'.length;

/**
 * The configuration's own file and every file that it names, but for secrets: private keys and headers, whatever they
 * are called. What is not below the configuration's folder has no place in another one, and is only named.
 */
export function configFiles(config: Config): ConfigFiles {
  const carried = new Map<string, ConfigFile>();
  const notCarried = new Map<string, string>();
  const folder = dirname(config.file);
  const take = (path: string, secret: boolean): void => {
    const name = relative(folder, path);
    const read = secret ? { why: 'secret' } : readPlain(path, name);
    if ('why' in read) notCarried.set(path, read.why);
    else carried.set(path, { name, bytes: read.bytes });
  };
  take(config.file, false);
  for (const { path, secret } of namedFiles(config)) take(path, secret);
  for (const path of carried.keys()) notCarried.delete(path);
  return {
    carried: [...carried.values()],
    notCarried: [...notCarried].map(([path, why]) => ({ path, why })),
  };
}

function readPlain(path: string, name: string): { readonly bytes: Uint8Array } | { readonly why: string } {
  if (name.startsWith('..') || isAbsolute(name)) return { why: "not below the configuration's folder" };
  if (name.length > mostNameInArchive || !/^[!-~]+$/.test(name))
    return { why: `its name is longer than ${mostNameInArchive} characters, or not plain ASCII` };
  try {
    if (statSync(path).size > mostBytes) return { why: `larger than ${mostBytes} bytes` };
    const bytes = readFileSync(path);
    return bytes.includes('PRIVATE KEY') ? { why: 'secret' } : { bytes };
  } catch (thrown) {
    return { why: `cannot be read: ${describeThrown(thrown)}` };
  }
}

/** Every absolute path in the effective configuration that is a file. */
function* namedFiles(
  value: unknown,
  key = '',
): Generator<{ readonly path: string; readonly secret: boolean }> {
  if (typeof value === 'string') {
    if (isAbsolute(value) && isFile(value)) yield { path: value, secret: secretKeys.has(key) };
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [name, inner] of Object.entries(value as Record<string, unknown>))
    if (!leftOut.has(name)) yield* namedFiles(inner, Array.isArray(value) ? key : name);
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
