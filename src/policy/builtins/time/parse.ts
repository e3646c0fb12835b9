import { OperandError } from '../operands.ts';
import { daysInMonth, civilFromDays, daysFromCivil, nanosecondsPerSecond, secondsOf } from './civil.ts';
import { chunksOf, months, weekdays } from './layout.ts';

interface Parsing {
  rest: string;
  year: number;
  month: number | undefined;
  day: number | undefined;
  dayOfYear: number | undefined;
  hour: number;
  minute: number;
  second: number;
  nanosecond: number;
  half: 'am' | 'pm' | undefined;
  /** Seconds that the zone is ahead of UTC. */
  offset: number | undefined;
  utc: boolean;
}

/**
 * Reads a time by one of Go's layouts (time.Parse) into nanoseconds since 1970. A zone that is only named counts as UTC
 * (also `GMT+3`), as Go
 * reads it where that is the local zone: what a name means would depend on where the program runs. Throws OperandError.
 */
export function parseTime(layout: string, text: string): bigint {
  const parsing: Parsing = {
    rest: text,
    year: 0,
    month: undefined,
    day: undefined,
    dayOfYear: undefined,
    hour: 0,
    minute: 0,
    second: 0,
    nanosecond: 0,
    half: undefined,
    offset: undefined,
    utc: false,
  };
  const chunks = chunksOf(layout);
  for (const [index, { prefix, field }] of chunks.entries()) {
    skip(parsing, prefix);
    if (field !== undefined) readField(parsing, field, chunks[index + 1]);
  }
  if (parsing.rest !== '') throw bad();
  return instantOf(parsing);
}

/** Literal text; spaces of the layout stand for any number of them. */
function skip(parsing: Parsing, prefix: string): void {
  let at = 0;
  while (at < prefix.length) {
    if (prefix[at] === ' ') {
      if (parsing.rest !== '' && !parsing.rest.startsWith(' ')) throw bad();
      while (prefix[at] === ' ') at += 1;
      parsing.rest = parsing.rest.replace(/^ +/, '');
    } else {
      if (parsing.rest[0] !== prefix[at]) throw bad();
      parsing.rest = parsing.rest.slice(1);
      at += 1;
    }
  }
}

function readField(
  parsing: Parsing,
  field: string,
  next: { prefix: string; field: string | undefined } | undefined,
): void {
  switch (field) {
    case '2006':
      parsing.year = Number(take(parsing, /^\d[0-9]{3}/));
      break;
    case '06': {
      const year = Number(take(parsing, /^\d\d|^[+-]\d/));
      parsing.year = year >= 69 ? 1900 + year : 2000 + year;
      break;
    }
    case 'January':
      parsing.month = name(parsing, months) + 1;
      break;
    case 'Jan':
      parsing.month = name(parsing, months.map(short)) + 1;
      break;
    case '1':
    case '01':
      parsing.month = between(number(parsing, field === '01'), 1, 12);
      break;
    case 'Monday':
      name(parsing, weekdays);
      break;
    case 'Mon':
      name(parsing, weekdays.map(short));
      break;
    case '_2':
      parsing.rest = parsing.rest.replace(/^ /, '');
      parsing.day = number(parsing, false);
      break;
    case '2':
    case '02':
      parsing.day = number(parsing, field === '02');
      break;
    case '__2':
      parsing.rest = parsing.rest.replace(/^ {1,2}/, '');
      parsing.dayOfYear = Number(take(parsing, /^\d{1,3}/));
      break;
    case '002':
      parsing.dayOfYear = Number(take(parsing, /^\d{3}/));
      break;
    default:
      readClock(parsing, field, next);
  }
}

function readClock(
  parsing: Parsing,
  field: string,
  next: { prefix: string; field: string | undefined } | undefined,
): void {
  switch (field) {
    case '15':
      parsing.hour = between(number(parsing, false), 0, 23);
      break;
    case '3':
    case '03':
      parsing.hour = between(number(parsing, field === '03'), 0, 12);
      break;
    case '4':
    case '04':
      parsing.minute = between(number(parsing, field === '04'), 0, 59);
      break;
    case '5':
    case '05':
      parsing.second = between(number(parsing, field === '05'), 0, 59);
      // A fraction may follow although the layout has none.
      if (!/^[.,][09]/.test(next?.field ?? '')) readFraction(parsing, /^[.,]\d+/);
      break;
    case 'PM':
    case 'pm':
      parsing.half = take(parsing, field === 'PM' ? /^[AP]M/ : /^[ap]m/).toLowerCase() as 'am' | 'pm';
      break;
    case 'MST':
      readZone(parsing);
      break;
    default:
      if (!/^[.,]/.test(field)) readOffset(parsing, field);
      else if (field[1] === '9') readFraction(parsing, /^[.,]\d+/);
      else if (!readFraction(parsing, new RegExp(`^[.,]\\d{${field.length - 1}}`))) throw bad();
  }
}

/** What is finer than a nanosecond is cut off. */
function readFraction(parsing: Parsing, form: RegExp): boolean {
  const match = form.exec(parsing.rest)?.[0];
  if (match === undefined) return false;
  parsing.nanosecond = Number(match.slice(1, 10).padEnd(9, '0'));
  parsing.rest = parsing.rest.slice(match.length);
  return true;
}

function readZone(parsing: Parsing): void {
  const { rest } = parsing;
  if (rest.startsWith('UTC')) {
    parsing.utc = true;
    parsing.rest = rest.slice(3);
    return;
  }
  const match =
    /^(?:ChST|MeST|GMT(?:[+-](?:\d|1\d|2[0-3])(?!\d))?|[+-](?:\d|[01]\d|2[0-3])(?!\d)|WITA|[A-Z]{4}T(?![A-Z])|[A-Z]{3}T(?![A-Z])|[A-Z]{3}(?![A-Z]))/.exec(
      rest,
    );
  if (!match) throw bad();
  parsing.rest = rest.slice(match[0].length);
}

const offsets: Readonly<Record<string, RegExp>> = {
  '-07': /^([+-])(\d\d)/,
  '-0700': /^([+-])(\d\d)(\d\d)/,
  '-07:00': /^([+-])(\d\d):(\d\d)/,
  '-070000': /^([+-])(\d\d)(\d\d)(\d\d)/,
  '-07:00:00': /^([+-])(\d\d):(\d\d):(\d\d)/,
};

function readOffset(parsing: Parsing, field: string): void {
  if (field.startsWith('Z') && parsing.rest.startsWith('Z')) {
    parsing.utc = true;
    parsing.rest = parsing.rest.slice(1);
    return;
  }
  const match = offsets[field.replace('Z', '-')]?.exec(parsing.rest);
  if (!match) throw bad();
  const [whole, sign, hours, minutes = '0', seconds = '0'] = match;
  const size =
    (between(Number(hours), 0, 24) * 60 + between(Number(minutes), 0, 60)) * 60 +
    between(Number(seconds), 0, 60);
  parsing.offset = sign === '-' ? -size : size;
  parsing.rest = parsing.rest.slice(whole.length);
}

function instantOf(parsing: Parsing): bigint {
  const { half, year } = parsing;
  const hour =
    half === 'pm' && parsing.hour < 12
      ? parsing.hour + 12
      : half === 'am' && parsing.hour === 12
        ? 0
        : parsing.hour;
  const { month, day } = dateOf(parsing);
  if (day < 1 || day > daysInMonth(year, month)) throw bad();
  const shown = secondsOf({ year, month, day, hour, minute: parsing.minute, second: parsing.second });
  const seconds = parsing.utc ? shown : shown - (parsing.offset ?? 0);
  return BigInt(seconds) * nanosecondsPerSecond + BigInt(parsing.nanosecond);
}

function dateOf({ year, month, day, dayOfYear }: Parsing): { readonly month: number; readonly day: number } {
  if (dayOfYear === undefined) return { month: month ?? 1, day: day ?? 1 };
  if (dayOfYear < 1 || dayOfYear > daysFromCivil(year + 1, 1, 1) - daysFromCivil(year, 1, 1)) throw bad();
  const found = civilFromDays(daysFromCivil(year, 1, 1) + dayOfYear - 1);
  if ((month ?? found.month) !== found.month || (day ?? found.day) !== found.day) throw bad();
  return found;
}

function number(parsing: Parsing, fixed: boolean): number {
  return Number(take(parsing, fixed ? /^\d\d/ : /^\d\d?/));
}

function between(value: number, least: number, most: number): number {
  if (value < least || value > most) throw bad();
  return value;
}

/** The place of a name in a list; letters of either case. */
function name(parsing: Parsing, names: readonly string[]): number {
  const lower = parsing.rest.toLowerCase();
  const found = names.findIndex((one) => lower.startsWith(one.toLowerCase()));
  if (found < 0) throw bad();
  parsing.rest = parsing.rest.slice(names[found]?.length);
  return found;
}

function short(name: string): string {
  return name.slice(0, 3);
}

function take(parsing: Parsing, form: RegExp): string {
  const match = form.exec(parsing.rest)?.[0];
  if (match === undefined) throw bad();
  parsing.rest = parsing.rest.slice(match.length);
  return match;
}

function bad(): OperandError {
  return new OperandError('a time that is not of the layout');
}
