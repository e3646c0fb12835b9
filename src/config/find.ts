import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { PortreeveError } from '../lib/errors.ts';

/** Where a configuration is looked for when none is named, from the working folder. */
export const usualFiles = ['portreeve.yaml', '.portreeve/portreeve.yaml'] as const;

/**
 * The configuration file to use: the one named on the command line, else by `$PORTREEVE_CONFIG`, else the first of
 * the usual ones that exists. A named one is taken as it is, so that a wrong name is told. Throws PDP_CONFIG_INVALID
 * where there is none, PDP_USAGE for an option without a name.
 */
export function findConfigFile(
  option: string | undefined,
  named: string | undefined,
  folder: string,
): string {
  // A variable of a script that is not set: another file than was meant must not take its place.
  if (option === '') throw new PortreeveError('PDP_USAGE', '--config is empty: it takes the name of a file');
  if (option !== undefined) return resolve(folder, option);
  if (named !== undefined && named !== '') return resolve(folder, named);
  const found = usualFiles.map((file) => resolve(folder, file)).find((file) => existsSync(file));
  if (found) return found;
  throw new PortreeveError(
    'PDP_CONFIG_INVALID',
    `no configuration: give --config FILE, set PORTREEVE_CONFIG, or write ./${usualFiles.join(' or ./')}`,
  );
}
