import { dayOfYear, weekdayOf } from './civil.ts';
import type { CivilTime } from './civil.ts';
import { chunksOf, months, weekdays } from './layout.ts';

/** A time where it is shown: the zone's offset from UTC in seconds and its abbreviation. */
export interface ShownTime {
  readonly civil: CivilTime;
  readonly offset: number;
  readonly zone: () => string;
}

/** A time by one of Go's layouts. */
export function formatTime(time: ShownTime, layout: string): string {
  return chunksOf(layout)
    .map(({ prefix, field }) => prefix + (field === undefined ? '' : formatField(time, field)))
    .join('');
}

function formatField(time: ShownTime, field: string): string {
  const { civil } = time;
  switch (field) {
    case '2006':
      return padded(civil.year, 4);
    case '06':
      return padded(Math.abs(civil.year) % 100, 2);
    case 'January':
      return months[civil.month - 1] ?? '';
    case 'Jan':
      return (months[civil.month - 1] ?? '').slice(0, 3);
    case '1':
      return String(civil.month);
    case '01':
      return padded(civil.month, 2);
    case 'Monday':
      return weekdays[weekdayOf(civil)] ?? '';
    case 'Mon':
      return (weekdays[weekdayOf(civil)] ?? '').slice(0, 3);
    case '2':
      return String(civil.day);
    case '_2':
      return String(civil.day).padStart(2);
    case '02':
      return padded(civil.day, 2);
    case '__2':
      return String(dayOfYear(civil)).padStart(3);
    case '002':
      return padded(dayOfYear(civil), 3);
    default:
      return formatClock(time, field);
  }
}

function formatClock(time: ShownTime, field: string): string {
  const { hour, minute, second, nanosecond } = time.civil;
  const of12 = hour % 12 === 0 ? 12 : hour % 12;
  switch (field) {
    case '15':
      return padded(hour, 2);
    case '3':
      return String(of12);
    case '03':
      return padded(of12, 2);
    case '4':
      return String(minute);
    case '04':
      return padded(minute, 2);
    case '5':
      return String(second);
    case '05':
      return padded(second, 2);
    case 'PM':
      return hour >= 12 ? 'PM' : 'AM';
    case 'pm':
      return hour >= 12 ? 'pm' : 'am';
    case 'MST':
      return time.zone();
    default:
      return /^[.,]/.test(field) ? fraction(nanosecond, field) : formatOffset(time.offset, field);
  }
}

/** Zeros in the layout: so many digits; nines: at most so many, without zeros at the end. */
function fraction(nanosecond: number, field: string): string {
  const digits = padded(nanosecond, 9)
    .slice(0, field.length - 1)
    .padEnd(field.length - 1, '0');
  if (field[1] === '0') return field.slice(0, 1) + digits;
  const short = digits.replace(/0+$/, '');
  return short === '' ? '' : field.slice(0, 1) + short;
}

function formatOffset(offset: number, field: string): string {
  if (offset === 0 && field.startsWith('Z')) return 'Z';
  const colon = field.includes(':') ? ':' : '';
  const size = Math.abs(offset);
  const minutes = Math.trunc(size / 60);
  const parts = [padded(Math.trunc(minutes / 60), 2), padded(minutes % 60, 2), padded(size % 60, 2)];
  const count = field.replaceAll(':', '').length;
  // Less than a minute before UTC counts as none for the sign, as in Go.
  const sign = Math.trunc(offset / 60) < 0 ? '-' : '+';
  return sign + parts.slice(0, count === 3 ? 1 : count === 5 ? 2 : 3).join(colon);
}

function padded(value: number, digits: number): string {
  const text = String(Math.abs(value)).padStart(digits, '0');
  return value < 0 ? `-${text}` : text;
}
