import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PortreeveError } from '../../lib/errors.ts';
import { claimFile } from '../../store/exclusive.ts';
import { madeByDemo } from './configuration.ts';

/** Whether a folder is the demo's own, or has nothing in it that the demo would take away. */
export async function mayReplace(folder: string): Promise<boolean> {
  const configuration = await readFile(join(folder, 'portreeve.yaml'), 'utf8').catch(() => undefined);
  if (configuration !== undefined) return configuration.startsWith(madeByDemo);
  return !existsSync(join(folder, 'state.db'));
}

/**
 * Makes a fleet anew while no server can start on it. Throws PDP_STORE_UNAVAILABLE where one runs: its state would be
 * taken away beneath it.
 */
export async function withFleetToItself<T>(folder: string, make: () => Promise<T>): Promise<T> {
  const claim = claimFile(join(folder, 'state.db'), process.pid);
  if (!claim.held) {
    const who = claim.holder === null ? 'a server' : `the server with process id ${claim.holder}`;
    throw new PortreeveError(
      'PDP_STORE_UNAVAILABLE',
      `the demo fleet in ${folder} has to be made anew, and ${who} runs on it: stop that one first`,
    );
  }
  try {
    return await make();
  } finally {
    claim.release();
  }
}
