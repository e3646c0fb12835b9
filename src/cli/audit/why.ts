import type { Command } from 'commander';
import { isWholeRecord } from '../../audit/read-record.ts';
import { queryPage } from '../../audit/query/page.ts';
import { changesBetween, lastTurn } from '../../audit/query/turn.ts';
import type { Turn } from '../../audit/query/turn.ts';
import type { RecordEntry } from '../../audit/sources/types.ts';
import type { Difference } from '../../decision/differences.ts';
import { finish, integerArgument } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { plain, table } from '../output.ts';
import type { Answer, Session } from '../session.ts';
import { tableHead, tableRow } from './columns.ts';
import { filterOf, type FilterOptions } from './filter-options.ts';
import { indexOption, logsOptions, withLogs, type LogsOptions, type LogsWork } from './logs.ts';
import { inWords } from './words.ts';

interface Options extends LogsOptions, Pick<FilterOptions, 'since' | 'until' | 'tenant'> {
  readonly limit: number;
  readonly last: number;
}

/** Acts between two decisions that are told. */
const mostActs = 200;
/** Differences that are told to people. */
const mostShown = 40;

/** `audit why`. */
export function registerAuditWhy(group: Command, session: Session): void {
  const command = group
    .command('why')
    .description(
      "a device's last decisions, and what changed between the last allow and the first denial after it",
    )
    .argument('<device>', 'device id');
  indexOption(logsOptions(command))
    .option('--since <when>', 'decisions from then on: RFC 3339, or how long ago (90m, 7d)')
    .option('--until <when>', 'before then: the same')
    .option('--tenant <name>', 'of this tenant')
    .option('--limit <number>', 'decisions that are looked at', integerArgument(2, 100_000), 1000)
    .option('--last <number>', 'decisions that are listed', integerArgument(1, 1000), 10);
  finish(
    command,
    session,
    ['audit why meter-0001', 'audit why meter-0001 site-a.zip site-b.zip --since 7d --json'],
    (options: Options, [device, named]) =>
      runWhy(device as string, named as readonly string[], options, session),
  );
}

/** What happened between an allow and the denial after it. */
interface Told {
  readonly turn: Turn;
  readonly changes: readonly Difference[];
  readonly acts: readonly RecordEntry[];
}

function runWhy(
  device: string,
  named: readonly string[],
  options: Options,
  session: Session,
): Promise<Answer> {
  const { since, until, tenant } = options;
  const wanted = filterOf(
    { kind: 'decision', device, ...(tenant && { tenant }), ...(since && { since }), ...(until && { until }) },
    session,
  );
  return withLogs(named, options, session, async (work) => {
    const { logs, onEntries } = work;
    const page = await queryPage(logs, { filter: wanted, order: 'newest', limit: options.limit, onEntries });
    const turn = lastTurn(page.entries.toReversed());
    const told = turn && { turn, changes: changesBetween(turn), acts: await actsBetween(turn, work) };
    const last = page.entries.slice(0, options.last);
    return {
      exit: page.entries.length === 0 ? exitCodes.failed : exitCodes.ok,
      data: {
        device_id: device,
        decisions: last.map(shown),
        turn: told
          ? {
              allowed: shown(told.turn.allowed),
              denied: shown(told.turn.denied),
              changes: told.changes,
              acts: told.acts.map(shown),
            }
          : null,
      },
      text: textOf(device, page.entries, last, told, logs.length > 1, session),
    };
  });
}

async function actsBetween(
  { allowed, denied }: Turn,
  { logs, onEntries }: LogsWork,
): Promise<readonly RecordEntry[]> {
  const filter = { since: allowed.time, until: denied.time + 1, fields: { kind: 'act' } };
  const { entries } = await queryPage(logs, { filter, order: 'oldest', limit: mostActs, onEntries });
  const { tenant } = denied.record;
  return entries.filter(({ record }) => record['tenant'] === null || record['tenant'] === tenant);
}

function shown({ origin, index, record }: RecordEntry): object {
  return { origin, index, record };
}

function textOf(
  device: string,
  found: readonly RecordEntry[],
  last: readonly RecordEntry[],
  told: Told | undefined,
  several: boolean,
  session: Session,
): string {
  const { paint } = session;
  if (found.length === 0) return `no decision about ${plain(device)}\n`;
  const rows = last.map((entry) => tableRow(entry, several));
  const history = table(tableHead(several), rows, paint);
  if (!told) {
    const outcome = last[0]?.record['outcome'] === 'allow' ? 'allowed' : 'denied';
    return `${history}\n${plain(device)} was ${outcome} last; within ${found.length} decisions no denial follows an allow\n`;
  }
  const { turn, changes, acts } = told;
  const { record } = turn.denied;
  const since = last[0]?.record['outcome'] === 'allow' ? ' It is allowed again since then.' : '';
  return [
    history,
    `${plain(device)} was allowed at ${said(turn.allowed)}, and denied first after that at ${said(turn.denied)}.${since}\n`,
    ...(isWholeRecord(record)
      ? [
          inWords(record)
            .map((line) => `${plain(line)}\n`)
            .join(''),
        ]
      : []),
    changesText(changes, session),
    ...(acts.length === 0
      ? []
      : [
          table(
            ['in between', 'act', 'by', 'of', 'why'],
            acts.map((act) => [
              said(act),
              ...['act', 'actor', 'selector', 'why'].map((name) => cell(act, name)),
            ]),
            paint,
          ),
        ]),
  ].join('\n');
}

function changesText(changes: readonly Difference[], { paint }: Session): string {
  if (changes.length === 0) return 'nothing that was recorded of it had changed but the time\n';
  const rows = changes
    .slice(0, mostShown)
    .map(({ path, recorded, replayed }) => [path, short(recorded), short(replayed)]);
  const more = changes.length > mostShown ? `and ${changes.length - mostShown} more (--json has all)\n` : '';
  return `${table(['what changed', 'when it was allowed', 'when it was denied'], rows, paint)}${more}`;
}

function short(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function said(entry: RecordEntry): string {
  return cell(entry, 'time') ?? '';
}

function cell({ record }: RecordEntry, name: string): string | null {
  const value = record[name];
  return typeof value === 'string' ? value : null;
}
