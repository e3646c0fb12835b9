import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { systemClock, type EpochMs } from '../lib/clock.ts';
import { describeThrown, PortreeveError } from '../lib/errors.ts';
import { checkMeaning } from './check.ts';
import { effectiveConfig } from './defaults.ts';
import { maxConfigBytes, readDocument } from './document.ts';
import { Place } from './place.ts';
import { ConfigError, type Problem } from './problem.ts';
import { configVersion } from './schema.ts';
import type { Config } from './types.ts';
import { validateSchema } from './validate.ts';

/** All that is known of a configuration file: usable where there are no problems. */
export interface Inspection {
  readonly file: string;
  /** There exactly when `problems` is empty. */
  readonly config: Config | undefined;
  /** By their place in the file. */
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  /** False where the file is not YAML at all, so that nothing further could be looked at. */
  readonly readable: boolean;
}

/**
 * The effective configuration of a file. Throws PDP_CONFIG_INVALID (a `ConfigError` with all `problems`), or
 * PDP_FORMAT_NEWER for a file of a newer format.
 */
export function loadConfig(file: string, now: EpochMs = systemClock.now()): Config {
  const { config, problems } = inspectConfig(file, now);
  if (!config) throw new ConfigError(resolve(file), problems);
  return config;
}

/**
 * Everything that is wrong with a configuration file, at once. `now` judges ends of observation and broken glass.
 * Throws PDP_CONFIG_INVALID where the file cannot be read, PDP_FORMAT_NEWER for a newer format.
 */
export function inspectConfig(file: string, now: EpochMs): Inspection {
  const path = resolve(file);
  return inspectText(readConfigFile(path), path, now);
}

/** As `inspectConfig`, of a text that stands for the file at the absolute path `file`. */
export function inspectText(text: string, file: string, now: EpochMs): Inspection {
  const document = readDocument(text);
  if ('problems' in document) {
    return { file, config: undefined, problems: document.problems, warnings: [], readable: false };
  }
  const { value, locate } = document;
  refuseNewer(value, file);

  const folder = dirname(file);
  const meaning = checkMeaning(value, folder, now);
  const problems = [...validateSchema(value), ...meaning.problems].map(locate).sort(byPlace);
  const warnings = meaning.warnings.map(locate).sort(byPlace);
  const config = problems.length === 0 ? effectiveConfig(value, file, folder) : undefined;
  return { file, config, problems, warnings, readable: true };
}

function readConfigFile(file: string): string {
  try {
    const { size } = statSync(file);
    if (size > maxConfigBytes) throw new Error(`it has ${size} bytes, more than ${maxConfigBytes}`);
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
  } catch (thrown) {
    throw new PortreeveError(
      'PDP_CONFIG_INVALID',
      `cannot read the configuration ${file}: ${describeThrown(thrown)}`,
      {
        cause: thrown,
      },
    );
  }
}

function refuseNewer(value: unknown, file: string): void {
  const { value: version } = new Place(value).get('version');
  if (typeof version !== 'number' || !Number.isInteger(version) || version <= configVersion) return;
  throw new PortreeveError(
    'PDP_FORMAT_NEWER',
    `${file} is of configuration format ${version}; this program reads format ${configVersion}. ` +
      `Run the newer program that the file was written for, or set version: ${configVersion} and let \`portreeve config check\` name the keys to take back`,
  );
}

function byPlace(a: Problem, b: Problem): number {
  return a.line - b.line || a.column - b.column;
}
