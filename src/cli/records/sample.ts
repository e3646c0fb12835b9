import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import type { RecordSource } from '../../audit/sources/open-records.ts';
import { formatInstant, type EpochMs } from '../../lib/clock.ts';
import { describeThrown, PortreeveError } from '../../lib/errors.ts';
import { settingsReader } from '../../workshop/records/settings.ts';
import type { StratumKey } from '../../workshop/sample/header.ts';
import { createPseudonym, leastKeyBytes, type Pseudonym } from '../../workshop/sample/pseudonyms.ts';
import { sampleRecords, type Sample } from '../../workshop/sample/sample-records.ts';
import { configOption, finish, instantArgument, integerArgument, type CommonOptions } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { plain } from '../output.ts';
import { optionalConfig } from '../policy/optional-config.ts';
import { recordSettings } from '../policy/record-settings.ts';
import { openRecordSource, recordsHelp } from '../record-source.ts';
import type { Answer, Session } from '../session.ts';
import { byteProgress } from '../state/progress.ts';
import { writeLines, writeWhole } from '../write-lines.ts';

interface Options extends CommonOptions {
  readonly records?: readonly string[];
  readonly skipDamaged?: boolean;
  readonly since?: EpochMs;
  readonly max: number;
  readonly by: readonly StratumKey[];
  readonly seed: string;
  readonly pseudonymise?: boolean;
  readonly key?: string;
  readonly out?: string;
}

const keys: readonly StratumKey[] = ['class', 'site', 'reason'];

/** `records sample`. */
export function registerRecordsSample(group: Command, session: Session): void {
  const command = group
    .command('sample')
    .description('write a small sample of records, from which policy diff scales its counts back')
    .option('--records <file...>', `${recordsHelp} (default: the configuration's)`)
    .option('--skip-damaged', 'pass over lines that are no records, which a crash may leave, and count them')
    .option('--since <instant>', 'only decisions from then on (RFC 3339)', instantArgument)
    .option('--max <number>', 'records in the sample', integerArgument(1, 10_000_000), 20_000)
    .option('--by <keys>', 'what is never left out: class, site, reason, by commas', keysArgument, keys)
    .option('--seed <text>', 'makes another choice; the same seed makes the same one', '1')
    .option('--pseudonymise', 'replace what names devices, owners and places; leave out addresses and paths')
    .option(
      '--key <file>',
      `key of the pseudonyms, at least ${leastKeyBytes} bytes: samples with the same key go together (default: random, not kept)`,
    )
    .option('--out <file>', 'where it goes; standard output unless this is given')
    .addOption(configOption())
    .addHelpText(
      'after',
      '\nOf every combination of --by one decision is in the sample at least, of frequent ones more; each line says how many' +
        '\nit stands for. Classes and enforcement of the configurations that the decisions were made under come along, so that' +
        '\nthe sample is all that policy diff needs.',
    );
  finish(
    command,
    session,
    [
      'records sample --since 2026-11-01T00:00:00Z --pseudonymise --out sample.ndjson',
      'records sample --records records.ndjson --max 5000 --by class,reason --out sample.ndjson --json',
    ],
    (options: Options) => runSample(options, session),
  );
}

function keysArgument(text: string): readonly StratumKey[] {
  const named = text.split(',').map((one) => one.trim());
  const wrong = named.find((one) => !keys.some((key) => key === one));
  if (wrong !== undefined || new Set(named).size !== named.length)
    throw new InvalidArgumentError(`It must be some of ${keys.join(', ')}, each once.`);
  return keys.filter((key) => named.includes(key));
}

async function runSample(options: Options, session: Session): Promise<Answer> {
  if (options.out === undefined && session.json)
    throw new PortreeveError(
      'PDP_USAGE',
      'standard output cannot hold the sample and --json: give --out FILE',
    );
  const { folder, stdout } = session.around;
  const sample = await chosen(options, session);
  const lines = withLineFeeds(sample.lines());
  try {
    if (options.out === undefined) await writeLines(stdout, lines);
    else await writeWhole(resolve(folder, options.out), lines);
  } finally {
    sample.progress.end();
  }
  const { header, strata, left_out: leftOut, settings_missing: missing } = sample;
  const { settings, ...about } = header;
  const data = { file: options.out ?? '-', ...about, strata, left_out: leftOut, settings_missing: missing };
  const told = [
    `${header.kept} of ${header.decisions} decisions, ${strata} combinations of ${header.by.join(', ')}`,
    ...(leftOut > 0
      ? [`${leftOut} lines left out that lack members, are damaged or of a newer program`]
      : []),
    ...(missing > 0
      ? [
          `${missing} of ${Object.keys(settings).length} configurations not kept: the present one stands for them`,
        ]
      : []),
  ];
  return {
    exit: exitCodes.ok,
    data,
    text: options.out === undefined ? '' : `${plain(options.out)}: ${told.join('; ')}\n`,
  };
}

async function chosen(
  options: Options,
  session: Session,
): Promise<Sample & { readonly progress: ReturnType<typeof byteProgress> }> {
  const source = await sourceOf(options, session);
  const { files, keptFolders } = source;
  const config = optionalConfig(options.config, session);
  const { sources } = await recordSettings({ files: [], keptFolders }, config);
  const progress = byteProgress(session);
  const total = files.reduce((sum, { size }) => sum + size, 0);
  const phases = {
    looking: progress.counting('looking through records', total),
    counting: progress.counting('counting decisions', total),
    writing: progress.counting('writing the sample', total),
  };
  try {
    const sample = await sampleRecords({
      ...{ files, by: options.by, most: options.max, seed: options.seed },
      since: options.since === undefined ? undefined : formatInstant(options.since),
      skipDamaged: options.skipDamaged === true,
      pseudonym: pseudonymOf(options, session),
      settingsOf: settingsReader(sources),
      onBytes: (phase, count) => phases[phase](count),
    });
    return { ...sample, progress };
  } catch (thrown) {
    progress.end();
    throw thrown;
  }
}

function sourceOf({ records, config }: Options, session: Session): Promise<RecordSource> {
  return openRecordSource(records ?? [session.config(config).audit.path], session);
}

function pseudonymOf({ pseudonymise, key }: Options, session: Session): Pseudonym | undefined {
  if (key !== undefined && !pseudonymise)
    throw new PortreeveError('PDP_USAGE', '--key is for --pseudonymise');
  if (!pseudonymise) return undefined;
  return createPseudonym(key === undefined ? randomBytes(32) : readKey(resolve(session.around.folder, key)));
}

function readKey(path: string): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (thrown) {
    throw new PortreeveError('PDP_INPUT_MALFORMED', `cannot read ${path}: ${describeThrown(thrown)}`, {
      cause: thrown,
    });
  }
  if (bytes.byteLength >= leastKeyBytes) return bytes;
  throw new PortreeveError('PDP_INPUT_MALFORMED', `${path}: a key has at least ${leastKeyBytes} bytes`);
}

async function* withLineFeeds(lines: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const line of lines) yield `${line}\n`;
}
