import { InvalidArgumentError, Option, type Command } from 'commander';
import { parseInstant, parseInstantExact, type EpochMs } from '../lib/clock.ts';
import { exitCodeHelp } from './exit-codes.ts';
import type { Answer, Session } from './session.ts';

/** What every command takes. */
export interface CommonOptions {
  readonly config?: string;
  readonly json?: boolean;
}

/** Adds `--json`, examples and exit codes; the work's answer is printed by the program. */
export function finish<Options extends CommonOptions>(
  command: Command,
  session: Session,
  examples: readonly string[],
  work: (options: Options, args: readonly unknown[]) => Promise<Answer> | Answer,
): Command {
  const lines = examples.map((example) => `  $ portreeve ${example}`).join('\n');
  return command
    .addOption(jsonOption())
    .addHelpText('after', `\nExamples:\n${lines}\n${exitCodeHelp}`)
    .action(async () => {
      session.answer = await work(command.optsWithGlobals(), command.processedArgs);
    });
}

/** The option that every command and group takes; whether it is given is read by the program beforehand. */
export function jsonOption(): Option {
  return new Option('--json', 'print exactly one JSON object on stdout, errors included');
}

/** The option that names the configuration. */
export function configOption(): Option {
  return new Option(
    '--config <file>',
    'configuration file (else $PORTREEVE_CONFIG, ./portreeve.yaml, .portreeve/portreeve.yaml)',
  );
}

/** The option that says why a change is made. */
export function whyOption(): Option {
  return new Option('--why <text>', 'why, for the record of changes').argParser((text) =>
    shortText(text, 1000),
  );
}

/** A text that stands in records, of every denial by a hold too: not empty, and no longer than `most` characters. */
export function shortText(text: string, most: number): string {
  if (text.trim() === '') throw new InvalidArgumentError('It must not be empty.');
  if (text.length > most) throw new InvalidArgumentError(`It must not be longer than ${most} characters.`);
  return text;
}

/** Reads an option's RFC 3339 instant, to the millisecond. */
export function instantArgument(text: string): EpochMs {
  return given(parseInstant(text));
}

/** As `instantArgument`, without losing what is finer than a millisecond. */
export function exactInstantArgument(text: string): EpochMs {
  return given(parseInstantExact(text));
}

function given(at: EpochMs | undefined): EpochMs {
  if (at === undefined) throw new InvalidArgumentError('It must be RFC 3339, such as 2026-11-20T08:00:00Z.');
  return at;
}

/** Makes a reader of an option's whole number within bounds. */
export function integerArgument(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
    if (!(value >= least && value <= most)) {
      throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
    }
    return value;
  };
}
