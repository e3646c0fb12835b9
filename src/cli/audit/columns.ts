import { valuesOf } from '../../audit/query/fields.ts';
import type { FieldName } from '../../audit/query/fields.ts';
import type { RecordEntry } from '../../audit/sources/types.ts';
import { plain } from '../output.ts';
import type { Cell, Tone } from '../output.ts';

const csvFields: readonly FieldName[] = [
  ...([
    'kind',
    'act',
    'tenant',
    'outcome',
    'device',
    'class',
    'owner',
    'site',
    'gateway',
    'pep',
    'door',
  ] as const),
  ...(['assurance', 'certificate', 'key', 'issuer', 'serial', 'firmware', 'network', 'bundle'] as const),
  ...(['trace', 'connection', 'request', 'decision'] as const),
];

/** First line of records as CSV. */
export const csvHead: string = csvLine(['time', 'origin', 'index', ...csvFields, 'reasons']);

/** A record as a line of CSV (RFC 4180): of each field the first value, all reasons with spaces between. */
export function csvRow({ record, origin, index }: RecordEntry): string {
  const cells = csvFields.map((field) => first(record, field) ?? '');
  return csvLine([timeOf(record), origin, String(index), ...cells, valuesOf(record, 'reason').join(' ')]);
}

/**
 * One line of CSV. Texts are anybody's, and programs that show tables take some for formulas: these begin with an
 * apostrophe. A terminal may show them as well, so that what could rewrite it is escaped.
 */
export function csvLine(cells: readonly string[]): string {
  const written = cells.map((given) => {
    const cell = plain(given);
    const text = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  });
  return `${written.join(',')}\r\n`;
}

/** Titles of the table of records; where they come from several logs, with their origin. */
export function tableHead(several: boolean): readonly string[] {
  return [
    'time',
    ...(several ? ['origin'] : []),
    'index',
    'outcome',
    'device',
    'reason',
    'asked by',
    'decision',
  ];
}

const tones: Readonly<Record<string, Tone>> = { allow: 'good', deny: 'bad' };

/** A record as a row of the table. */
export function tableRow({ record, origin, index }: RecordEntry, several: boolean): readonly Cell[] {
  const kind = first(record, 'kind');
  const outcome = first(record, 'outcome');
  const what =
    kind === 'decision' && outcome !== null
      ? {
          text: `${outcome}${record['enforced'] === false ? ' (let pass)' : ''}`,
          tone: tones[outcome] ?? 'quiet',
        }
      : { text: first(record, 'act') ?? kind ?? '-', tone: 'quiet' as const };
  const count =
    kind === 'merged' && Number.isSafeInteger(record['count']) ? `${Number(record['count'])} denials` : null;
  return [
    ...[timeOf(record), ...(several ? [origin] : []), index, what],
    ...[
      count ?? first(record, 'device'),
      first(record, 'reason') ?? said(record, 'why'),
      first(record, 'pep'),
    ],
    first(record, 'decision') ?? said(record, 'actor'),
  ];
}

function first(record: RecordEntry['record'], field: FieldName): string | null {
  return valuesOf(record, field)[0] ?? null;
}

function said(record: RecordEntry['record'], name: string): string | null {
  const value = record[name];
  return typeof value === 'string' ? value : null;
}

function timeOf(record: RecordEntry['record']): string {
  return said(record, 'time') ?? '';
}
