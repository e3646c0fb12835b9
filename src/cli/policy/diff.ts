import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { logFiles } from '../../audit/read-log.ts';
import { PortreeveError } from '../../lib/errors.ts';
import { parseBundle } from '../../policy/bundle.ts';
import { diffRecords } from '../../workshop/diff/diff-records.ts';
import type { Outcome } from '../../workshop/diff/diff-records.ts';
import { markdownOf } from '../../workshop/diff/markdown.ts';
import { openSide, type Side } from '../../workshop/diff/open-side.ts';
import { summarize, type Source } from '../../workshop/diff/summary.ts';
import { configOption, finish, integerArgument } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { byteProgress } from '../state/progress.ts';
import type { Answer, Session } from '../session.ts';
import { opaOf, opaOption, type OpaOptions } from './common.ts';
import { diffText } from './diff-text.ts';
import { optionalConfig } from './optional-config.ts';
import { recordSettings } from './record-settings.ts';

interface Options extends OpaOptions {
  readonly records?: readonly string[];
  readonly devices?: boolean;
  readonly maxFlips?: number;
  readonly maxLockouts?: number;
  readonly maxUndecidable?: number;
  readonly format: 'text' | 'json' | 'markdown';
  readonly jobs?: number;
}

const countArgument = integerArgument(0, 1_000_000_000);

/** Devices that are held at once; some hundred bytes each. */
const mostDevices = 200_000;

/** `policy diff OLD NEW`. */
export function registerPolicyDiff(group: Command, session: Session): void {
  const command = group
    .command('diff')
    .description('decide connections again with two policies and show who would flip')
    .argument('<old>', 'the policy in force: a bundle file, a project folder, git:REV[:PATH], or default')
    .argument('<new>', 'the policy to be: the same')
    .option(
      '--records <file...>',
      'logs of records (with what was rotated away beside them), or samples of them',
    )
    .option('--devices', 'list the devices that flip')
    .option('--max-flips <number>', 'exit 1 where more connections flip', countArgument)
    .option('--max-lockouts <number>', 'exit 1 where more go from allow to deny', countArgument)
    .option('--max-undecidable <number>', 'exit 1 where more cannot be decided', countArgument)
    .addOption(
      new Option('--format <format>', 'format; markdown is a comment for a pull request')
        .choices(['text', 'json', 'markdown'])
        .default('text'),
    )
    .option('--jobs <number>', 'threads (default: one a core)', integerArgument(1, 256))
    .addOption(opaOption())
    .addOption(configOption());
  finish(
    command,
    session,
    [
      'policy diff default policies --records records.ndjson --devices',
      'policy diff git:main policies --records sample.ndjson --max-lockouts 0 --format markdown',
    ],
    (options: Options, [before, after]) => runDiff(before as string, after as string, options, session),
  );
}

/** What was compared, and by what. */
export interface DiffRun {
  readonly source: Source;
  readonly outcome: Outcome;
}

async function runDiff(
  oldName: string,
  newName: string,
  options: Options,
  session: Session,
): Promise<Answer> {
  const [before, after] = openSides(oldName, newName, options, session);
  if (!options.records) throw new PortreeveError('PDP_USAGE', 'give --records FILE');
  const { source, outcome } = await byRecords(options.records, before, after, options, session);
  const summary = summarize({ before, after }, source, outcome, {
    limits: {
      max_flips: options.maxFlips,
      max_lockouts: options.maxLockouts,
      max_undecidable: options.maxUndecidable,
    },
    listDevices: options.devices === true,
  });
  return {
    exit: summary.failures.length > 0 ? exitCodes.failed : exitCodes.ok,
    data: summary,
    text: formatted(options.format, summary, session),
  };
}

function formatted(
  format: Options['format'],
  summary: ReturnType<typeof summarize>,
  session: Session,
): string {
  if (format === 'json') return `${JSON.stringify(summary, null, 2)}\n`;
  return format === 'markdown' ? markdownOf(summary) : diffText(summary, session.paint);
}

/** `git:REV` alone is the folder of the other side in that revision. */
function openSides(oldName: string, newName: string, options: Options, session: Session): [Side, Side] {
  const { folder } = session.around;
  const opa = () => opaOf(options, session);
  const open = (name: string, other: string): Side =>
    openSide(name, { folder, opa, likewise: projectFolder(resolve(folder, other)) });
  return [open(oldName, newName), open(newName, oldName)];
}

function projectFolder(path: string): string | undefined {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ? path : undefined;
}

async function byRecords(
  names: readonly string[],
  before: Side,
  after: Side,
  options: Options,
  session: Session,
): Promise<DiffRun> {
  const files = logFiles(names.map((name) => resolve(session.around.folder, name)));
  const paths = files.map(({ path }) => path);
  const { sources, sampled, pseudonyms } = await recordSettings(
    paths,
    optionalConfig(options.config, session),
  );
  const progress = byteProgress(session);
  const total = files.reduce((sum, { size }) => sum + size, 0);
  const phases = {
    looking: progress.counting('looking through records', total),
    deciding: progress.counting('deciding again', total),
  };
  try {
    const outcome = await diffRecords({
      ...{ before: before.bytes, after: after.bytes, files, settings: sources, mostDevices },
      jobs: options.jobs ?? availableParallelism(),
      onBytes: (phase, count) => phases[phase](count),
    });
    const assumptions = pseudonymsRead(pseudonyms, before, after);
    return { source: { kind: 'records', names: paths, sampled, assumptions }, outcome };
  } finally {
    progress.end();
  }
}

/** A pseudonym is another value than the one that a rule may name. */
function pseudonymsRead(pseudonyms: readonly string[], before: Side, after: Side): readonly string[] {
  if (pseudonyms.length === 0) return [];
  const keys = [before, after].map(({ bytes }) => parseBundle(bytes).inputKeys ?? pseudonyms);
  const read = pseudonyms.filter((key) => keys.some((one) => one.includes(key)));
  if (read.length === 0) return [];
  return [
    `${read.join(', ')}: the rules read pseudonyms, which are null, equal and different as the real values are; a rule that names a value of its own does not meet it`,
  ];
}
