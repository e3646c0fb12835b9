import { pepOf } from '../api/pep.ts';
import type { Config } from '../config/types.ts';
import type { Pep } from '../context/types.ts';
import { PortreeveError } from '../lib/errors.ts';

/**
 * The PEP in whose name the command line asks: the configured one of this name, else the first. Its site and zone are
 * those of its entry; captures exist only where a certificate is. Throws PDP_USAGE for a name that is not configured.
 */
export function cliPep(config: Config, name?: string): Pep {
  const entry = name === undefined ? config.peps[0] : config.peps.find((one) => one.name === name);
  if (!entry) {
    const known = config.peps.map((one) => one.name).join(', ');
    throw new PortreeveError(
      'PDP_USAGE',
      `no PEP ${JSON.stringify(name)} in the configuration; there are: ${known}`,
    );
  }
  return pepOf(entry, 'cli', {});
}
