import type { Command } from 'commander';
import { isWholeRecord } from '../../audit/read-record.ts';
import { actsBetween } from '../../audit/query/acts-between.ts';
import type { ActsBetween } from '../../audit/query/acts-between.ts';
import { queryPage } from '../../audit/query/page.ts';
import type { Page } from '../../audit/query/page.ts';
import { changesBetween, lastTurn } from '../../audit/query/turn.ts';
import type { Turn } from '../../audit/query/turn.ts';
import type { RecordEntry } from '../../audit/sources/types.ts';
import type { Difference } from '../../decision/differences.ts';
import { finish, integerArgument } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { plain, table } from '../output.ts';
import type { Answer, Session } from '../session.ts';
import { byIndexWords, namedDamageNotes } from './answer-notes.ts';
import { tableHead, tableRow } from './columns.ts';
import { filterOf, type FilterOptions } from './filter-options.ts';
import { indexOption, logsOptions, withLogs, type LogsOptions, type LogsWork } from './logs.ts';
import { inWords } from './words.ts';

interface Options extends LogsOptions, Pick<FilterOptions, 'since' | 'until' | 'tenant'> {
  readonly limit: number;
  readonly last: number;
}

/** Differences, and acts, that are told to people. */
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
  readonly acts: ActsBetween;
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
    const { logs, onEntries, onDamaged } = work;
    const names = new Map(logs.map(({ log }) => [log.origin, log.tree?.checkpoint.origin ?? log.origin]));
    const looked = { onEntries, onDamaged };
    const page = await queryPage(logs, { filter: wanted, order: 'newest', limit: options.limit, ...looked });
    const turn = lastTurn(page.entries.toReversed(), ({ origin }) => names.get(origin) ?? origin);
    const told = turn && {
      ...{ turn, changes: changesBetween(turn) },
      acts: await actsBetween(logs, turn, looked),
    };
    const last = page.entries.slice(0, options.last);
    const notes = namedDamageNotes(work);
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
              acts: told.acts.nearest.map(shown),
              more_acts: told.acts.more,
            }
          : null,
        older: page.next !== null,
        ...{ indexed: work.indexed, damaged: work.damaged(), notes },
      },
      text: [
        textOf(device, page, last, told, logs.length > 1, session),
        ...notes.map((note) => `${plain(note)}\n`),
        byIndexLine(work),
      ].join(''),
    };
  });
}

function shown({ origin, index, record }: RecordEntry): object {
  return { origin, index, record };
}

function byIndexLine(work: LogsWork): string {
  const words = byIndexWords(work);
  return words === undefined ? '' : `found ${plain(words)}\n`;
}

function textOf(
  device: string,
  { entries: found, next }: Page,
  last: readonly RecordEntry[],
  told: Told | undefined,
  several: boolean,
  session: Session,
): string {
  const { paint } = session;
  if (found.length === 0) return `no decision about ${plain(device)}\n`;
  const rows = last.map((entry) => tableRow(entry, several));
  const history = table(tableHead(several), rows, paint);
  const tenants = new Set(found.map((entry) => cell(entry, 'tenant')));
  if (!told) {
    const outcome = last[0]?.record['outcome'] === 'allow' ? 'allowed' : 'denied';
    const same = tenants.size > 1 ? ' of the same tenant' : '';
    const older = next === null ? '' : '; older ones were not looked at (--limit)';
    return `${history}\n${plain(device)} was ${outcome} last; within ${found.length} decisions no denial follows an allow${same}${older}\n`;
  }
  const { turn, changes, acts } = told;
  const { record } = turn.denied;
  return [
    history,
    `${turnText(device, turn, found, tenants.size > 1)}\n`,
    ...(isWholeRecord(record)
      ? [
          inWords(record)
            .map((line) => `${plain(line)}\n`)
            .join(''),
        ]
      : []),
    changesText(changes, session),
    ...(acts.nearest.length === 0 ? [] : [actsText(acts, turn, several, session)]),
  ].join('\n');
}

function turnText(
  device: string,
  { allowed, denied }: Turn,
  found: readonly RecordEntry[],
  ofSeveral: boolean,
): string {
  const tenant = cell(denied, 'tenant');
  const of = ofSeveral && tenant !== null ? ` in tenant ${plain(tenant)}` : '';
  const where = (one: RecordEntry): string =>
    allowed.origin === denied.origin ? '' : ` by ${plain(one.origin)}`;
  // Of the same tenant: what another one decides of it is another matter.
  const latest = found.find((one) => cell(one, 'tenant') === tenant);
  const since = latest?.record['outcome'] === 'allow' ? ' It is allowed again since then.' : '';
  const times = `allowed at ${said(allowed)}${where(allowed)}, and denied first after that at ${said(denied)}${where(denied)}`;
  const two = allowed.origin === denied.origin ? '' : ' What differs may be what the two go by.';
  return `${plain(device)} was ${times}${of}.${since}${two}`;
}

/** The acts nearest to the denial first. */
function actsText(
  { nearest, more }: ActsBetween,
  { allowed, denied }: Turn,
  several: boolean,
  { paint }: Session,
): string {
  const rows = nearest
    .slice(0, mostShown)
    .map((act) => [
      said(act),
      ...(several ? [act.origin] : []),
      ...['act', 'actor', 'selector', 'why'].map((name) => cell(act, name)),
    ]);
  const head = ['in between', ...(several ? ['origin'] : []), 'act', 'by', 'of', 'why'];
  const rest = nearest.length - rows.length + more;
  const ask = `audit query --kind act --since ${said(allowed)} --until ${said(denied)}`;
  return `${table(head, rows, paint)}${rest > 0 ? `and ${rest} acts more, all of them before these: ${ask}\n` : ''}`;
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
