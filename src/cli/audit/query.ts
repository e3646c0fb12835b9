import { Option, type Command } from 'commander';
import { queryPage } from '../../audit/query/page.ts';
import type { Page } from '../../audit/query/page.ts';
import type { RecordEntry } from '../../audit/sources/types.ts';
import { PortreeveError } from '../../lib/errors.ts';
import { finish, integerArgument } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { plain, table } from '../output.ts';
import type { Answer, Session } from '../session.ts';
import { writeLines } from '../write-lines.ts';
import { byIndexWords, damagedNotes, notesOf, tellNotes } from './answer-notes.ts';
import { csvHead, csvRow, tableHead, tableRow } from './columns.ts';
import { filterOf, filterOptions, type FilterOptions } from './filter-options.ts';
import { followRecords } from './follow.ts';
import { indexOption, logsOptions, withLogs, type LogsOptions } from './logs.ts';

export interface QueryOptions extends LogsOptions, Omit<FilterOptions, 'index'> {
  readonly format: 'table' | 'ndjson' | 'records' | 'csv';
  readonly limit?: number;
  readonly cursor?: string;
  readonly oldestFirst?: boolean;
  readonly all?: boolean;
  readonly follow?: boolean;
}

/** Records of a page that people look at. */
const usualLimit = 50;
/** Records that are held at a time where all are given. */
const limitOfAll = 2000;

/** `audit query`. */
export function registerAuditQuery(group: Command, session: Session): void {
  const command = group.command('query').description('find records, in one log or in several at once');
  logsOptions(command);
  filterOptions(command)
    .addOption(
      new Option(
        '--format <format>',
        'table; ndjson: each record with its origin and index; records: the records alone, as every --records reads them; csv',
      )
        .choices(['table', 'ndjson', 'records', 'csv'])
        .default('table'),
    )
    .option(
      '--limit <number>',
      `records of a page; ${usualLimit} in a table and with --json, and all in every other format, unless given`,
      integerArgument(1, 100_000),
    )
    .option('--cursor <cursor>', 'go on behind the page that told this cursor')
    .option('--oldest-first', 'oldest first; newest first unless given')
    .option('--all', 'all pages, one behind the other')
    .option('--follow', 'go on with what is written from now on, until --until or the end of the program');
  indexOption(command).addHelpText(
    'after',
    '\nRecords of several logs are merged by time. Each is read from its log and compared with the hash that the log has of' +
      '\nit; `audit verify` says whether the log itself is sound. Pages are stable: what is written later never changes one.' +
      '\nOne that is not the last tells a cursor: below the table, and for the other formats on standard error.',
  );
  finish(
    command,
    session,
    [
      'audit query --since 24h --outcome deny',
      'audit query audit site-b.zip https://log.example/site-c --device meter-0001 --format csv',
      'audit query --reason revocation.revoked --limit 200 --json',
      'audit query --kind act --follow',
    ],
    (options: QueryOptions, [named]) => runQuery(named as readonly string[], options, session),
  );
}

async function runQuery(named: readonly string[], options: QueryOptions, session: Session): Promise<Answer> {
  const filter = filterOf(options, session);
  const order = options.oldestFirst ? ('oldest' as const) : ('newest' as const);
  if (options.follow && (options.cursor !== undefined || options.all || options.oldestFirst || session.json))
    throw new PortreeveError(
      'PDP_USAGE',
      '--follow goes with neither --cursor, --all, --oldest-first nor --json (give --format ndjson)',
    );
  // What goes into a file is whole, unless a page of it was asked for.
  const isFile = !session.json && !options.follow && options.format !== 'table';
  const whole = options.all === true || (isFile && options.limit === undefined);
  const limit = options.limit ?? (whole ? limitOfAll : usualLimit);
  return withLogs(named, options, session, async (work) => {
    const { logs, onEntries, onDamaged, damaged, quiet } = work;
    const common = { filter, order, limit, onEntries, onDamaged };
    const several = logs.length > 1;
    const page = await queryPage(logs, {
      ...common,
      ...(options.cursor !== undefined && { cursor: options.cursor }),
    });
    if (options.follow) {
      quiet();
      if (page.next !== null)
        tellNotes([`older records match too: these begin with the last ${limit} (--limit)`], session);
      tellNotes(damagedNotes(damaged()), session);
      await followRecords(page.entries.toReversed(), { logs, filter, options, session });
      return { exit: exitCodes.ok, data: {}, text: '' };
    }
    const rest = whole ? followingPages(page, (cursor) => queryPage(logs, { ...common, cursor })) : [];
    if (session.json) {
      const entries = [...page.entries];
      for await (const more of rest) entries.push(...more.entries);
      const notes = notesOf(filter, entries.length, damaged());
      return {
        exit: exitCodes.ok,
        data: {
          ...{ records: entries.map(shown), next: whole ? null : page.next },
          ...{ indexed: work.indexed, damaged: damaged(), notes },
        },
        text: '',
      };
    }
    const { stdout } = session.around;
    quiet();
    await writeLines(stdout, [written(page.entries, options.format, several, true, session)]);
    for await (const more of rest)
      await writeLines(stdout, [written(more.entries, options.format, several, false, session)]);
    const next = whole ? null : page.next;
    if (!isFile) {
      tellNotes(notesOf(filter, page.entries.length, 0), session);
      const notes = damagedNotes(damaged());
      return { exit: exitCodes.ok, data: {}, text: tail(page, next, notes, byIndexWords(work)) };
    }
    const notes = notesOf(filter, page.entries.length, damaged());
    const more = next === null ? [] : [`more records match: --cursor ${next} goes on behind these`];
    tellNotes([...more, ...notes], session);
    return { exit: exitCodes.ok, data: {}, text: '' };
  });
}

async function* followingPages(first: Page, ask: (cursor: string) => Promise<Page>): AsyncGenerator<Page> {
  for (let cursor = first.next; cursor !== null;) {
    const page = await ask(cursor);
    yield page;
    cursor = page.next;
  }
}

/** Records in a format; CSV and tables with their head where they begin. */
export function written(
  entries: readonly RecordEntry[],
  format: QueryOptions['format'],
  several: boolean,
  begins: boolean,
  session: Session,
): string {
  switch (format) {
    case 'ndjson':
      return entries.map(wrappedLine).join('');
    case 'records':
      return entries.map(({ bytes }) => `${Buffer.from(bytes).toString('utf8')}\n`).join('');
    case 'csv':
      return `${begins ? csvHead : ''}${entries.map(csvRow).join('')}`;
    case 'table': {
      const rows = entries.map((entry) => tableRow(entry, several));
      const text = table(tableHead(several), rows, session.paint);
      return begins ? text : text.slice(text.indexOf('\n') + 1);
    }
  }
}

/** The record byte for byte as it stands in its log, in an object that says where. */
function wrappedLine({ origin, index, bytes }: RecordEntry): string {
  const text = Buffer.from(bytes).toString('utf8');
  return `{"origin":${JSON.stringify(origin)},"index":${index},"record":${text}}\n`;
}

function shown({ origin, index, record }: RecordEntry): object {
  return { origin, index, record };
}

function tail(
  { entries }: Page,
  next: string | null,
  notes: readonly string[],
  byIndex: string | undefined,
): string {
  const lines = [
    ...(entries.length === 0 ? ['no record matches'] : []),
    ...(next !== null ? [`more: --cursor ${next}`] : []),
    ...notes.map(plain),
    ...(byIndex === undefined ? [] : [plain(`found ${byIndex}`)]),
  ];
  return lines.map((line) => `${line}\n`).join('');
}
