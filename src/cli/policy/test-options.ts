import { InvalidArgumentError, type Command } from 'commander';
import { integerArgument } from '../command.ts';
import { opaOption, type OpaOptions } from './common.ts';

/** What `policy test` takes. */
export interface TestOptions extends OpaOptions {
  readonly tag?: readonly string[];
  readonly run?: string;
  readonly failFast?: boolean;
  readonly jobs?: number;
  readonly cache: string | boolean;
  readonly format?: readonly string[];
  readonly crossCheck?: boolean;
  readonly explain?: boolean;
  readonly coverage?: boolean;
  readonly coverageOut?: readonly string[];
  readonly coverageMin?: number;
  readonly watch?: boolean;
}

/** Adds the options of `policy test`. */
export function addTestOptions(command: Command): Command {
  return command
    .option('--tag <tag...>', 'only cases with one of these tags, and no Rego tests')
    .option('--run <pattern>', 'only tests whose file, title or combination matches this regular expression')
    .option('--fail-fast', 'end with the first case that fails')
    .option(
      '--jobs <number>',
      'threads (default: one a core, where that is worth it)',
      integerArgument(1, 256),
    )
    .option('--cross-check', 'also evaluate all cases with opa; a difference fails the case')
    .option('--explain', 'show of failing cases the trace of the rules that matter')
    .option(
      '--coverage',
      'show what was covered: lines, rules that never fired, reasons that no case expects',
    )
    .option('--coverage-out <format=file>', 'write coverage as text, lcov or json; may be repeated', collect)
    .option('--coverage-min <percent>', 'fail where less of the lines or of the rules is covered', percent)
    .option('--watch', 'stay, and run again what a change to a file affects')
    .option(
      '--format <format>',
      'tree, junit, json, github or tap; FORMAT=FILE writes it there; may be repeated',
      collect,
    )
    .option('--cache <folder>', 'where issued certificates are kept (default: DIR/.portreeve/cases)')
    .option('--no-cache', 'keep no certificates')
    .addOption(opaOption());
}

function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

function percent(text: string): number {
  const value = /^\d{1,3}(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (!(value <= 100)) throw new InvalidArgumentError('It must be a number from 0 to 100.');
  return value;
}
