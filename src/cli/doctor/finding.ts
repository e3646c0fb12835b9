import { existsSync } from 'node:fs';
import type { Config } from '../../config/types.ts';
import { PortreeveError } from '../../lib/errors.ts';
import type { Surroundings } from '../session.ts';

/** What one look at the installation came to. */
export interface Finding {
  /** What was looked at. */
  readonly check: string;
  readonly status: 'ok' | 'warn' | 'fail';
  readonly message: string;
  /** What to do; with everything that is not ok. */
  readonly advice?: string;
}

/** What the checks after the configuration work with. */
export interface Patient {
  readonly config: Config;
  readonly around: Surroundings;
}

/** One check; it tells what it finds and does not throw. */
export type Check = (patient: Patient) => Promise<readonly Finding[]> | readonly Finding[];

export function ok(check: string, message: string): Finding {
  return { check, status: 'ok', message };
}

export function warn(check: string, message: string, advice: string): Finding {
  return { check, status: 'warn', message, advice };
}

export function fail(check: string, message: string, advice: string): Finding {
  return { check, status: 'fail', message, advice };
}

/**
 * What to do where a check could not look at what it is about. Files that the configuration names and the store have checks
 * of their own, before all others: what is wrong with them is mended there, whatever else may be lacking. `otherwise` also
 * holds while there is no store yet.
 */
export function adviceAfter(thrown: unknown, { config }: Patient, otherwise: string): string {
  const code = thrown instanceof PortreeveError ? thrown.code : undefined;
  if (code === 'PDP_CONFIG_INVALID') return 'mend what the checks before this one say first';
  const ofStore = code?.startsWith('PDP_STORE_') === true && existsSync(config.state.path);
  return ofStore ? 'mend what the check of the store says first' : otherwise;
}
