/** A part of one of Go's layouts: what stands for a field of a time. */
export interface Chunk {
  /** Literal text before the field. */
  readonly prefix: string;
  /** As the layout writes it; undefined at the end. */
  readonly field: string | undefined;
}

/** Layouts that Go's package time names. */
const named: Readonly<Record<string, string>> = {
  ANSIC: 'Mon Jan _2 15:04:05 2006',
  UnixDate: 'Mon Jan _2 15:04:05 MST 2006',
  RubyDate: 'Mon Jan 02 15:04:05 -0700 2006',
  RFC822: '02 Jan 06 15:04 MST',
  RFC822Z: '02 Jan 06 15:04 -0700',
  RFC850: 'Monday, 02-Jan-06 15:04:05 MST',
  RFC1123: 'Mon, 02 Jan 2006 15:04:05 MST',
  RFC1123Z: 'Mon, 02 Jan 2006 15:04:05 -0700',
  RFC3339: '2006-01-02T15:04:05Z07:00',
  RFC3339Nano: '2006-01-02T15:04:05.999999999Z07:00',
};

export const rfc3339 = '2006-01-02T15:04:05Z07:00';
export const rfc3339Nano = '2006-01-02T15:04:05.999999999Z07:00';

/** A layout by the name that Go's package time gives it, or the layout itself. */
export function layoutOf(name: string): string {
  return Object.hasOwn(named, name) ? (named[name] ?? name) : name;
}

/** Longest first, where one begins as another does. Names of months and days end before a lower-case letter. */
const field =
  /January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|0[1-6]|002|15|1|2006|2|_2(?!006)|__2|3|4|5|PM|pm|-070000|-07:00:00|-0700|-07:00|-07|Z070000|Z07:00:00|Z0700|Z07:00|Z07|[.,](?:0+|9+)(?![0-9])/;

/** Takes a layout apart as Go does (https://pkg.go.dev/time, "Constants"). */
export function chunksOf(layout: string): readonly Chunk[] {
  const chunks: Chunk[] = [];
  let rest = layout;
  for (;;) {
    const match = field.exec(rest);
    if (!match) return [...chunks, { prefix: rest, field: undefined }];
    chunks.push({ prefix: rest.slice(0, match.index), field: match[0] });
    rest = rest.slice(match.index + match[0].length);
  }
}

export const months: readonly string[] = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

export const weekdays: readonly string[] = [
  'Sunday',
  'Monday',
  'Tuesday',
  'Wednesday',
  'Thursday',
  'Friday',
  'Saturday',
];
