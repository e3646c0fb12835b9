import type { Config } from '../../config/types.ts';
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
