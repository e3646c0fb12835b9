import { Option } from 'commander';
import { integerArgument } from './command.ts';

/** The option by which a change is meant that keeps out more devices than the configuration lets pass. */
export function lockoutOption(): Option {
  return new Option(
    '--lockout <number>',
    'the number of active devices that this keeps out, where it is more than limits.max_lockout',
  ).argParser(integerArgument(0, 999_999_999));
}
