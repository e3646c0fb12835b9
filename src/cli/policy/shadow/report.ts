import { Option, type Command } from 'commander';
import { PortreeveError } from '../../../lib/errors.ts';
import { markdownOf } from '../../../workshop/diff/markdown.ts';
import { summarize, type Source } from '../../../workshop/diff/summary.ts';
import { readTrials, type FoundTrial } from '../../../workshop/shadow/trials.ts';
import { configOption, finish, integerArgument, type CommonOptions } from '../../command.ts';
import { exitCodes } from '../../exit-codes.ts';
import { openRecordSource, recordsHelp } from '../../record-source.ts';
import type { Answer, Session } from '../../session.ts';
import { byteProgress } from '../../state/progress.ts';
import { diffText } from '../diff-text.ts';

interface Options extends CommonOptions {
  readonly records?: readonly string[];
  readonly bundle?: string;
  readonly devices?: boolean;
  readonly maxFlips?: number;
  readonly maxLockouts?: number;
  readonly maxUndecidable?: number;
  readonly format: 'text' | 'json' | 'markdown';
}

/** Devices that are held at once; some hundred bytes each. */
const mostDevices = 200_000;
const countArgument = integerArgument(0, 1_000_000_000);

/** `policy shadow report`. */
export function registerShadowReport(group: Command, session: Session): void {
  const command = group
    .command('report')
    .description('say whom the policy on trial would have kept out or let in, by what is recorded of it')
    .option('--records <where...>', `${recordsHelp} (default: the configured log)`)
    .option('--bundle <digest>', 'which bundle, where several were on trial (default: the latest)')
    .option('--devices', 'list the devices that flip')
    .option('--max-flips <number>', 'exit 1 where more connections flip', countArgument)
    .option('--max-lockouts <number>', 'exit 1 where more go from allow to deny', countArgument)
    .option('--max-undecidable <number>', 'exit 1 where more could not be compared', countArgument)
    .addOption(
      new Option('--format <format>', 'format; markdown is a comment for a pull request')
        .choices(['text', 'json', 'markdown'])
        .default('text'),
    )
    .addOption(configOption());
  finish(
    command,
    session,
    [
      'policy shadow report --devices',
      'policy shadow report --records audit --max-lockouts 0 --format markdown',
    ],
    (options: Options) => runReport(options, session),
  );
}

async function runReport(options: Options, session: Session): Promise<Answer> {
  const names = options.records ?? [session.config(options.config).audit.path];
  const source = await openRecordSource(names, session);
  const progress = byteProgress(session);
  const total = source.files.reduce((sum, { size }) => sum + size, 0);
  const onBytes = progress.counting('reading records', total);
  let trials: ReadonlyMap<string, FoundTrial>;
  try {
    trials = await readTrials(source.records({ onBytes }), mostDevices);
  } finally {
    progress.end();
  }
  const trial = chosen([...trials.values()], options.bundle);
  const summary = summarize(sidesOf(trial), sourceOf(trial, names), trial, {
    limits: {
      max_flips: options.maxFlips,
      max_lockouts: options.maxLockouts,
      max_undecidable: options.maxUndecidable,
    },
    listDevices: options.devices === true,
  });
  const { format } = options;
  const text =
    format === 'json'
      ? `${JSON.stringify(summary, null, 2)}\n`
      : format === 'markdown'
        ? markdownOf(summary)
        : diffText(summary, session.paint);
  return { exit: summary.failures.length > 0 ? exitCodes.failed : exitCodes.ok, data: summary, text };
}

function chosen(trials: readonly FoundTrial[], prefix: string | undefined): FoundTrial {
  const wanted = prefix?.toLowerCase() ?? '';
  const found = trials
    .filter(({ bundle }) => bundle.startsWith(wanted))
    .toSorted((a, b) => (a.to < b.to ? 1 : -1));
  if (prefix !== undefined && found.length > 1)
    throw new PortreeveError(
      'PDP_USAGE',
      `${found.length} bundles on trial begin with ${prefix}: give more digits`,
    );
  const [one] = found;
  if (one) return one;
  throw new PortreeveError(
    'PDP_NOT_FOUND',
    prefix === undefined
      ? 'the records say nothing of a policy on trial yet'
      : `the records say nothing of bundle ${prefix} on trial`,
  );
}

function sidesOf({ answered, bundle, revision }: FoundTrial): Parameters<typeof summarize>[0] {
  return {
    before: { name: 'in force', digest: answered.bundle ?? '', revision: answered.revision ?? '' },
    after: { name: 'on trial', digest: bundle, revision },
  };
}

function sourceOf(trial: FoundTrial, names: readonly string[]): Source {
  const { partial, from, to, seen, dropped, unsummarized, unrecorded } = trial;
  const assumptions = [`what the records say from ${from} to ${to}, of ${seen} decisions`];
  if (dropped > 0)
    assumptions.push(`${dropped} chosen decisions were dropped for want of room: the others stand for them`);
  if (unsummarized > 0)
    assumptions.push(
      `${unsummarized} flips are newer than the last summary: what agreed meanwhile is not counted yet`,
    );
  if (unrecorded > 0)
    assumptions.push(
      `${unrecorded} flips are counted by summaries alone: without their own records their class, site, reason and device are not known`,
    );
  return { kind: 'records', names, sampled: partial, assumptions };
}
