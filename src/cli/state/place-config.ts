import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { effectiveConfig } from '../../config/defaults.ts';
import { readDocument } from '../../config/document.ts';
import { ConfigError } from '../../config/problem.ts';
import type { Config } from '../../config/types.ts';
import { validateSchema } from '../../config/validate.ts';
import { equalBytes } from '../../lib/bytes.ts';
import { describeThrown, PortreeveError } from '../../lib/errors.ts';
import { snapshotNames, type Manifest } from './manifest.ts';

/** The configuration of a snapshot as it is going to be in a folder. */
export interface CarriedConfig {
  readonly config: Config;
  /** Writes its files, each whole or not at all; answers their paths. Throws PDP_USAGE where it cannot. */
  readonly write: () => readonly string[];
}

export interface CarriedOptions {
  readonly manifest: Manifest;
  /** Where the snapshot was unpacked. */
  readonly staging: string;
  readonly folder: string;
  /** Also where other files of these names are there. */
  readonly force: boolean;
  readonly path: string;
}

/**
 * Reads the configuration that a snapshot carries, for a folder. Throws PDP_USAGE where it carries none or other files are
 * there, PDP_CONFIG_INVALID where it cannot be used.
 */
export function carriedConfig(options: CarriedOptions): CarriedConfig {
  const { manifest, staging, folder, force, path } = options;
  const { configuration_file: main } = manifest;
  const files = manifest.files
    .filter(({ name }) => name.startsWith(snapshotNames.config))
    .map(({ name }) => ({ name: name.slice(snapshotNames.config.length), from: join(staging, name) }))
    .map(({ name, from }) => ({ name, bytes: readFileSync(from), to: join(folder, name) }));
  const text = files.find(({ name }) => name === main)?.bytes.toString();
  if (main === null || text === undefined)
    throw new PortreeveError('PDP_USAGE', `${path} carries no configuration (state snapshot --with-config)`);
  const config = readCarried(text, join(folder, main), folder);
  const others = files.filter(({ bytes, to }) => isOther(to, bytes)).map(({ to }) => to);
  if (others.length > 0 && !force)
    throw new PortreeveError(
      'PDP_USAGE',
      `other files are there: ${others.join(', ')}; move them away, or give --force --why`,
    );
  return { config, write: () => files.map(({ bytes, to }) => writeWhole(to, bytes)) };
}

/** By its form alone: that files are missing which have to be brought keeps no state from being put in place. */
function readCarried(text: string, file: string, folder: string): Config {
  const document = readDocument(text);
  if ('problems' in document) throw new ConfigError(file, document.problems);
  const problems = validateSchema(document.value).map(document.locate);
  if (problems.length > 0) throw new ConfigError(file, problems);
  return effectiveConfig(document.value, file, folder);
}

function writeWhole(to: string, bytes: Uint8Array): string {
  try {
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(`${to}.new`, bytes, { mode: 0o640, flush: true });
    renameSync(`${to}.new`, to);
    return to;
  } catch (thrown) {
    throw new PortreeveError('PDP_USAGE', `cannot write ${to}: ${describeThrown(thrown)}`, { cause: thrown });
  }
}

function isOther(path: string, bytes: Uint8Array): boolean {
  try {
    return !equalBytes(readFileSync(path), bytes);
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code !== 'ENOENT';
  }
}
