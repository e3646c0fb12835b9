import { numberOf } from '../number.ts';
import { OperandError, asInt, asText, smallIntAt, textAt } from '../operands.ts';
import { wholeOf } from '../number.ts';
import type { BuiltinTable } from '../types.ts';
import { RegoNumber, isArray } from '../value.ts';
import type { RegoValue } from '../value.ts';
import { civilAt, daysFromCivil, nanosecondsPerSecond, secondsOf, weekdayOf } from './civil.ts';
import type { CivilTime } from './civil.ts';
import { differenceOf } from './difference.ts';
import { parseDuration } from './duration.ts';
import { formatTime } from './format.ts';
import { layoutOf, rfc3339, rfc3339Nano, weekdays } from './layout.ts';
import { parseTime } from './parse.ts';
import { zoneAt } from './zone.ts';
import type { ZoneAt } from './zone.ts';

/** Times, in nanoseconds since 1970, alone or as `[ns, zone]` or `[ns, zone, layout]`. Now is the decision's time. */
export const timeBuiltins: BuiltinTable = {
  'time.now_ns': (_, { now }) => numberOf(BigInt(Math.trunc(now)) * 1_000_000n),
  'time.parse_ns': (args) => nanoseconds(parseTime(layoutOf(textAt(args, 0)), textAt(args, 1))),
  'time.parse_rfc3339_ns': (args) => nanoseconds(parseTime(rfc3339, textAt(args, 0))),
  'time.parse_duration_ns': (args) => numberOf(parseDuration(textAt(args, 0))),
  'time.format': ([value]) => {
    const { civil, zone, layout } = placeOf(value);
    const { offset, name } = zone;
    return formatTime({ civil, offset, zone: name }, layout === '' ? rfc3339Nano : layoutOf(layout));
  },
  'time.date': ([value]) => {
    const { year, month, day } = placeOf(value).civil;
    return [year, month, day].map(numberOf);
  },
  'time.clock': ([value]) => {
    const { hour, minute, second } = placeOf(value).civil;
    return [hour, minute, second].map(numberOf);
  },
  'time.weekday': ([value]) => weekdays[weekdayOf(placeOf(value).civil)],
  'time.add_date': (args) => {
    const place = placeOf(args[0]);
    const [years, months, days] = [smallIntAt(args, 1), smallIntAt(args, 2), smallIntAt(args, 3)];
    if ([years, months, days].some((count) => Math.abs(count) > 1e9)) throw new OperandError('out of range');
    return nanoseconds(added(place, years, months, days));
  },
  'time.diff': ([first, second]) => {
    const [a, b] = [placeOf(first), placeOf(second)];
    const seen = placeAt(b.instant, a.zoneName, '');
    const [earlier, later] = a.instant > seen.instant ? [seen, a] : [a, seen];
    return differenceOf(earlier.civil, later.civil).map(numberOf);
  },
};

interface Place {
  readonly instant: bigint;
  readonly zoneName: string;
  readonly zone: ZoneAt;
  readonly civil: CivilTime;
  readonly layout: string;
}

function placeOf(value: RegoValue | undefined): Place {
  if (value instanceof RegoNumber) return placeAt(instantOf(value), '', '');
  if (!isArray(value) || value.length === 0) throw new OperandError('no time');
  const [instant, zone = '', layout = ''] = value;
  if (!(instant instanceof RegoNumber)) throw new OperandError('no time');
  return placeAt(instantOf(instant), asText(zone), asText(layout));
}

function placeAt(instant: bigint, zoneName: string, layout: string): Place {
  const zone = zoneAt(zoneName, instant);
  return { instant, zoneName, zone, civil: civilAt(instant, zone.offset), layout };
}

function instantOf(value: RegoNumber): bigint {
  const whole = asInt(value) ?? wholeOf(value);
  if (whole === undefined || BigInt.asIntN(64, whole) !== whole) throw new OperandError('no time of 64 bits');
  return whole;
}

/** The calendar counts on; the clock of the place shows what it showed. */
function added(place: Place, years: number, months: number, days: number): bigint {
  const { civil, zoneName } = place;
  const day = daysFromCivil(civil.year + years, civil.month + months, civil.day + days);
  const shown =
    day * 86_400 + (secondsOf(civil) - daysFromCivil(civil.year, civil.month, civil.day) * 86_400);
  const at = (seconds: number): bigint => BigInt(seconds) * nanosecondsPerSecond + BigInt(civil.nanosecond);
  // As Go finds it: the offset of a guess, and where that is another one, the offset that holds at what comes out.
  const guess = zoneOffset(zoneName, at(shown));
  const first = zoneOffset(zoneName, at(shown - guess));
  return at(shown - first);
}

function zoneOffset(zone: string, instant: bigint): number {
  return zoneAt(zone, clamp(instant)).offset;
}

/** What the platform's calendar can show. */
function clamp(instant: bigint): bigint {
  const most = 8_640_000_000_000_000_000_000n;
  return instant > most ? most : instant < -most ? -most : instant;
}

/** Throws where 64 bits do not hold it. */
function nanoseconds(instant: bigint): RegoNumber {
  if (BigInt.asIntN(64, instant) !== instant) throw new OperandError('a time outside of 64 bits');
  return numberOf(instant);
}
