import { OperandError } from '../operands.ts';
import { civilAt, secondsOf } from './civil.ts';
import { abbreviationOf } from './zone-name.ts';

const formats = new Map<string, Intl.DateTimeFormat>();
const mostFormats = 128;

/** How the clock of a place is set at an instant. */
export interface ZoneAt {
  /** Seconds that it is ahead of UTC. */
  readonly offset: number;
  /** Its abbreviation (`CET`), as Go prints it. */
  readonly name: () => string;
}

export const utc: ZoneAt = { offset: 0, name: () => 'UTC' };

/** How the clocks of an IANA zone are set at an instant (nanoseconds since 1970). Throws OperandError for an unknown zone. */
export function zoneAt(zone: string, instant: bigint): ZoneAt {
  if (zone === '' || zone === 'UTC') return utc;
  // What is local is the machine's own affair: a decision must be the same on all.
  if (zone === 'Local') return { offset: 0, name: () => 'UTC' };
  const format = formatOf(zone);
  // Whole seconds, also before 1970.
  const utcSeconds = secondsOf(civilAt(instant, 0));
  const milliseconds = utcSeconds * 1000;
  const parts = Object.fromEntries(
    format.formatToParts(milliseconds).map(({ type, value }) => [type, value]),
  ) as Readonly<Record<string, string>>;
  const year = Number(parts['year']);
  const shown = secondsOf({
    year: parts['era'] === 'BC' ? 1 - year : year,
    month: Number(parts['month']),
    day: Number(parts['day']),
    hour: Number(parts['hour']) % 24,
    minute: Number(parts['minute']),
    second: Number(parts['second']),
  });
  const offset = shown - utcSeconds;
  return { offset, name: () => abbreviationOf(zone, milliseconds, offset) };
}

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  if (formats.size >= mostFormats) formats.clear();
  const made = make(zone);
  formats.set(zone, made);
  return made;
}

function make(zone: string): Intl.DateTimeFormat {
  // The platform would also take an offset (`+01:00`), and names in any case.
  if (!/^[A-Z][A-Za-z0-9_+-]*(?:\/[A-Z][A-Za-z0-9_+-]*)*$/.test(zone)) throw new OperandError('no time zone');
  const format = tryFormat(zone);
  const { timeZone } = format.resolvedOptions();
  const otherCase = timeZone !== zone && timeZone.toLowerCase() === zone.toLowerCase();
  if (otherCase) throw new OperandError('no time zone');
  return format;
}

function tryFormat(zone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch (cause) {
    throw new OperandError('no time zone', { cause });
  }
}
