import { InvalidArgumentError, Option, type Command } from 'commander';
import { countedFields } from '../../audit/index/schema.ts';
import type { CountedField } from '../../audit/index/schema.ts';
import { countRecords } from '../../audit/query/count.ts';
import type { CountedRecords } from '../../audit/query/count.ts';
import { formatInstant } from '../../lib/clock.ts';
import { finish } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { table } from '../output.ts';
import type { Answer, Session } from '../session.ts';
import { byIndexWords, notesOf, tellNotes } from './answer-notes.ts';
import { csvLine } from './columns.ts';
import { filterOf, filterOptions, type FilterOptions } from './filter-options.ts';
import { indexOption, logsOptions, withLogs, type LogsOptions } from './logs.ts';

interface Options extends LogsOptions, Omit<FilterOptions, 'index'> {
  readonly by: readonly CountedField[];
  readonly per?: keyof typeof spans;
  readonly format: 'table' | 'csv' | 'json';
}

/** Milliseconds of the spans that are counted by; days are those of UTC. */
const spans = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;

/** `audit stats`. */
export function registerAuditStats(group: Command, session: Session): void {
  const command = group.command('stats').description('count decisions, in one log or in several together');
  logsOptions(command);
  filterOptions(command)
    .option(
      '--by <fields>',
      `what they are counted by, with commas between: ${countedFields.join(', ')}`,
      fieldsArgument,
      ['outcome'],
    )
    .addOption(new Option('--per <span>', 'and by time (UTC)').choices(Object.keys(spans)))
    .addOption(new Option('--format <format>', 'format').choices(['table', 'csv', 'json']).default('table'));
  indexOption(command).addHelpText(
    'after',
    '\nDecisions are counted, also those that stand in records of merged denials; acts and signs of life where --kind asks for' +
      '\nthem. A decision has one reason here, the primary one. What the index has is counted by it: --no-index reads the records.',
  );
  finish(
    command,
    session,
    [
      'audit stats --by outcome,reason --per hour --since 24h',
      'audit stats --by site,class --outcome deny --format csv',
    ],
    (options: Options, [named]) => runStats(named as readonly string[], options, session),
  );
}

function fieldsArgument(text: string): readonly CountedField[] {
  const named = text.split(',').map((one) => one.trim());
  const known = countedFields.filter((field) => named.includes(field));
  if (known.length !== named.length)
    throw new InvalidArgumentError(`It must be some of ${countedFields.join(', ')}, each once.`);
  return named as readonly CountedField[];
}

async function runStats(named: readonly string[], options: Options, session: Session): Promise<Answer> {
  const filter = filterOf(options, session);
  return withLogs(named, options, session, async (work) => {
    const { logs, onEntries, onDamaged, damaged } = work;
    const counted = await countRecords(logs, {
      ...{ filter, by: options.by, per: options.per && spans[options.per], onEntries, onDamaged },
      decided: options.kind === undefined && !options.by.includes('kind') && !options.by.includes('act'),
    });
    const notes = notesOf(filter, counted.total, damaged());
    tellNotes(notes, session);
    const data = { ...dataOf(counted, options, damaged()), notes };
    return { exit: exitCodes.ok, data, text: textOf(counted, data, options, byIndexWords(work), session) };
  });
}

function dataOf({ rows, total, by_index: byIndex }: CountedRecords, { by, per }: Options, damaged: number) {
  return {
    by,
    per: per ?? null,
    total,
    by_index: byIndex,
    damaged,
    rows: rows.map(({ from, values, count }) => ({
      ...(from !== null && { from: formatInstant(from) }),
      ...Object.fromEntries(by.map((field, place) => [field, values[place] ?? null])),
      count,
    })),
  };
}

function textOf(
  counted: CountedRecords,
  data: object,
  options: Options,
  byIndex: string | undefined,
  session: Session,
): string {
  const { by, per, format } = options;
  if (format === 'json') return `${JSON.stringify(data, null, 2)}\n`;
  const head = [...(per === undefined ? [] : [per]), ...by, 'count'];
  const rows = counted.rows.map(({ from, values, count }) => [
    ...(from === null ? [] : [formatInstant(from)]),
    ...values,
    count,
  ]);
  if (format === 'csv')
    return [head, ...rows].map((row) => csvLine(row.map((cell) => String(cell ?? '')))).join('');
  const { by_index: told } = counted;
  const how = byIndex === undefined ? '' : `, ${told > 0 ? `${told} of them` : 'found'} ${byIndex}`;
  return `${table(head, rows, session.paint)}${counted.total} in all${how}\n`;
}
