import { existsSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { PortreeveError } from '../../lib/errors.ts';
import { parseBundle } from '../../policy/bundle.ts';
import { composeDecision } from '../../server/compose.ts';
import { loadCases, soundCases } from '../../workshop/cases/load.ts';
import { diffCases } from '../../workshop/diff/diff-cases.ts';
import { diffConnections } from '../../workshop/diff/diff-connections.ts';
import { diffRecords } from '../../workshop/diff/diff-records.ts';
import type { Outcome } from '../../workshop/diff/diff-records.ts';
import { markdownOf } from '../../workshop/diff/markdown.ts';
import { openSide, type Side } from '../../workshop/diff/open-side.ts';
import { summarize, type Source } from '../../workshop/diff/summary.ts';
import { findFiles } from '../../workshop/project/find-files.ts';
import { openProject, projectFileName } from '../../workshop/project/open.ts';
import { configOption, finish, integerArgument } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { tenantOption } from '../device/tenant.ts';
import { openRecordSource, recordsHelp } from '../record-source.ts';
import { byteProgress } from '../state/progress.ts';
import type { Answer, Session } from '../session.ts';
import { opaOf, opaOption, type OpaOptions } from './common.ts';
import { diffText } from './diff-text.ts';
import { optionalConfig } from './optional-config.ts';
import { recordSettings } from './record-settings.ts';
import { storeConnections } from './store-connections.ts';

interface Options extends OpaOptions {
  readonly records?: readonly string[];
  readonly cases?: readonly string[];
  readonly skipDamaged?: boolean;
  readonly store?: boolean;
  readonly tenant: string;
  readonly pep?: string;
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
    .option('--records <file...>', `${recordsHelp}; or samples of them`)
    .option(
      '--skip-damaged',
      'pass over lines that are no records, which a crash may leave, and count them as undecidable',
    )
    .option('--cases <dir...>', 'cases of policy projects: folders, or files')
    .option('--store', 'every device of the inventory as it would connect now, by what is known of it')
    .option('--pep <name>', 'with --store: which configured PEP asks (default: the first one)')
    .addOption(tenantOption())
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
      'policy diff git:main policies --cases policies',
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
  const { source, outcome } = await compare(before, after, options, session);
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

async function compare(before: Side, after: Side, options: Options, session: Session): Promise<DiffRun> {
  const { records, cases, store } = options;
  const given = [records, cases, store].filter((one) => one !== undefined).length;
  if (given !== 1)
    throw new PortreeveError(
      'PDP_USAGE',
      'give one of --records FILE, --cases DIR and --store: what is to be decided again',
    );
  if (records) return byRecords(records, before, after, options, session);
  return cases ? byCases(cases, before, after, session) : byStore(before, after, options, session);
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
  const opened = await openRecordSource(names, session);
  const { files } = opened;
  const paths = files.map(({ path }) => path);
  const { sources, sampled, pseudonyms } = await recordSettings(
    opened,
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
      skipDamaged: options.skipDamaged === true,
      jobs: options.jobs ?? availableParallelism(),
      onBytes: (phase, count) => phases[phase](count),
    });
    const assumptions = pseudonymsRead(pseudonyms, before, after);
    return { source: { kind: 'records', names: paths, sampled, assumptions }, outcome };
  } finally {
    progress.end();
  }
}

/** Certificates are issued anew for each side: what is decided does not depend on their keys. */
async function byCases(
  names: readonly string[],
  before: Side,
  after: Side,
  session: Session,
): Promise<DiffRun> {
  const { folder, clock } = session.around;
  const files = names.flatMap((name) => caseFilesIn(resolve(folder, name), name));
  const cases = soundCases(
    loadCases(
      files.map((file) => relative(folder, file)),
      { folder },
    ),
  );
  const line = session.progress();
  try {
    const outcome = await diffCases(cases, {
      ...{ before: before.bytes, after: after.bytes, mostDevices },
      run: { compose: composeDecision, clock },
      onCase: (done) => line.show(`deciding ${done} of ${cases.length} cases`),
    });
    return { source: { kind: 'cases', names, sampled: false, assumptions: [] }, outcome };
  } finally {
    line.end();
  }
}

/** Files of cases: those that a project names, else all that are in a folder, else the file itself. */
function caseFilesIn(path: string, name: string): readonly string[] {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) throw new PortreeveError('PDP_INPUT_MALFORMED', `${name}: there is no such folder or file`);
  if (!found.isDirectory()) return [path];
  const inside = existsSync(join(path, projectFileName))
    ? openProject(path).caseFiles
    : findFiles(path, ['.'], ['.yaml', '.yml', '.json']);
  if (inside.length === 0)
    throw new PortreeveError('PDP_INPUT_MALFORMED', `${name}: no file of cases is in it`);
  return inside.map((file) => join(path, file));
}

async function byStore(before: Side, after: Side, options: Options, session: Session): Promise<DiffRun> {
  const config = session.config(options.config);
  const { tenant, pep } = options;
  const devices = await storeConnections(config, { tenant, pep }, session);
  const line = session.progress();
  const told = async function* () {
    let done = 0;
    for await (const made of devices.connections()) {
      if (++done % 100 === 0) line.show(`deciding again, ${done} devices`);
      yield made;
    }
  };
  try {
    const { classes, enforcement } = config;
    const outcome = await diffConnections(told(), {
      ...{ before: before.bytes, after: after.bytes, mostDevices },
      settings: { classes, enforcement },
    });
    const assumptions = devices.assumptions();
    return { source: { kind: 'store', names: [config.state.path], sampled: false, assumptions }, outcome };
  } finally {
    line.end();
    devices.close();
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
