import { Option } from 'commander';
import type { Config } from '../config/types.ts';
import { parseLockoutLimit, type LockoutLimit } from '../inventory/lockout-limit.ts';
import { PortreeveError } from '../lib/errors.ts';
import { integerArgument } from './command.ts';

/** The option by which a change is meant that keeps out more devices than the configuration lets pass. */
export function lockoutOption(): Option {
  return new Option(
    '--lockout <number>',
    'the number of active devices that this keeps out, where it is more than limits.max_lockout',
  ).argParser(integerArgument(0, 999_999_999));
}

/** `limits.max_lockout`, read. */
export function lockoutLimit({ limits }: Config): LockoutLimit {
  const limit = parseLockoutLimit(limits.max_lockout);
  if (limit === undefined) {
    throw new PortreeveError('PDP_INTERNAL', `limits.max_lockout ${limits.max_lockout} passed the schema`);
  }
  return limit;
}
