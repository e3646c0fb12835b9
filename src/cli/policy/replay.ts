import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { keptInAny } from '../../audit/kept.ts';
import { sha256Hex } from '../../lib/bytes.ts';
import { describeThrown, PortreeveError } from '../../lib/errors.ts';
import { bundleFrom } from '../../policy/bundle.ts';
import { settingsReader } from '../../workshop/records/settings.ts';
import { replayRecords } from '../../workshop/replay/replay-records.ts';
import type { ReplayReport } from '../../workshop/replay/types.ts';
import { configOption, finish, integerArgument, type CommonOptions } from '../command.ts';
import { createGatherer } from '../decide/gather.ts';
import { exitCodes } from '../exit-codes.ts';
import { plain, table, type Paint } from '../output.ts';
import { openRecordSource, recordsHelp } from '../record-source.ts';
import type { Answer, Session } from '../session.ts';
import { byteProgress } from '../state/progress.ts';
import { optionalConfig } from './optional-config.ts';
import { recordSettings } from './record-settings.ts';

interface Options extends CommonOptions {
  readonly records: readonly string[];
  readonly bundle?: readonly string[];
  readonly skipDamaged?: boolean;
  readonly maxFindings: number;
}

/** `policy replay`. */
export function registerPolicyReplay(group: Command, session: Session): void {
  const command = group
    .command('replay')
    .description('decide records again with the bundles that they name: the same must come out')
    .requiredOption('--records <file...>', `${recordsHelp}; or samples of them`)
    .option(
      '--bundle <file...>',
      'bundles beside those that the server keeps; each is used for the records that name it',
    )
    .option('--skip-damaged', 'pass over lines that are no records, which a crash may leave, and count them')
    .option(
      '--max-findings <number>',
      'findings that are told one by one',
      integerArgument(0, 1_000_000),
      100,
    )
    .addOption(configOption())
    .addHelpText(
      'after',
      '\nWhere the server keeps everything that a record names, all of it is held against what is kept, as decide --replay does;' +
        '\nelse facts are taken as they stand, and the policy is asked again. Answers 1 for a difference and for a record that' +
        '\ncannot be replayed.',
    );
  finish(
    command,
    session,
    [
      'policy replay --records records.ndjson',
      'policy replay --records sample.ndjson --bundle policy.tar.gz --json',
    ],
    (options: Options) => runReplay(options, session),
  );
}

async function runReplay(options: Options, session: Session): Promise<Answer> {
  const { folder } = session.around;
  const config = optionalConfig(options.config, session);
  const given = readGiven(options.bundle ?? [], folder);
  const source = await openRecordSource(options.records, session);
  const { files } = source;
  const { sources } = await recordSettings(source, config);
  const { keptFolders } = sources;
  const progress = byteProgress(session);
  try {
    const report = await replayRecords({
      files,
      gather: keptFolders.length > 0 ? createGatherer(keptFolders, given) : undefined,
      bundleOf: (digest) => given.get(digest) ?? keptInAny(keptFolders, digest),
      settingsOf: settingsReader(sources),
      skipDamaged: options.skipDamaged === true,
      mostFindings: options.maxFindings,
      onBytes: progress.counting(
        'replaying',
        files.reduce((sum, { size }) => sum + size, 0),
      ),
    });
    progress.end();
    return answer(report, session.paint);
  } finally {
    progress.end();
  }
}

/** Bundles by digest. */
function readGiven(names: readonly string[], folder: string): ReadonlyMap<string, Uint8Array> {
  return new Map(
    names.map((name) => {
      const bytes = readBytes(resolve(folder, name));
      bundleFrom(bytes, name);
      return [sha256Hex(bytes), bytes];
    }),
  );
}

function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (thrown) {
    throw new PortreeveError('PDP_INPUT_MALFORMED', `cannot read ${path}: ${describeThrown(thrown)}`, {
      cause: thrown,
    });
  }
}

function answer(report: ReplayReport, paint: Paint): Answer {
  const { records, different, not_replayable: lost } = report;
  const ok = records > 0 && different === 0 && lost === 0;
  return { exit: ok ? exitCodes.ok : exitCodes.failed, data: { ok, ...report }, text: text(report, paint) };
}

function text(report: ReplayReport, paint: Paint): string {
  const { findings, missing } = report;
  const rows = [
    ['records', report.records],
    ['  same, by everything that they name', report.same_whole],
    ['  same, by policy and recorded facts', report.same_policy],
    ...(report.as_far_as_revealed > 0
      ? [['  of these as far as they are revealed', report.as_far_as_revealed] as const]
      : []),
    ['  the policy had no say', report.not_asked],
    ['  different', report.different],
    ['  cannot be replayed', report.not_replayable],
  ];
  const lines = findings.map(({ file, line, decision_id: id, differences }) => {
    const where = differences.map(
      ({ path, recorded, replayed }) =>
        `    ${path}: ${JSON.stringify(recorded)}, again ${JSON.stringify(replayed)}`,
    );
    return [`${file}:${line}: ${id}`, ...where].map((one) => `${plain(one)}\n`).join('');
  });
  const lacks = missing.map(({ what, records }) => [what, records]);
  return [
    table(['', 'decisions'], rows, paint),
    ...(lacks.length === 0 ? [] : [table(['not there', 'records'], lacks, paint)]),
    ...lines,
    ...(report.records === 0 ? [`${paint('bad', 'there is no record to replay')}\n`] : []),
  ].join('\n');
}
