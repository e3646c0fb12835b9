/** A day of the proleptic Gregorian calendar; months from 1. */
export interface CivilDay {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

export interface CivilTime extends CivilDay {
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly nanosecond: number;
}

export const nanosecondsPerSecond = 1_000_000_000n;
const secondsPerDay = 86_400;
/** Days of 400 years, after which the calendar repeats. */
const daysPerEra = 146_097;
/** Days from 1 March of the year 0 to 1970. */
const daysToUnix = 719_468;

/** Days since 1 January 1970. Months and days beyond their range count on, as Go's time.Date has it. */
export function daysFromCivil(year: number, month: number, day: number): number {
  const years = year + Math.floor((month - 1) / 12);
  const ofYear = modulo(month - 1, 12) + 1;
  // Years that begin in March end with the leap day.
  const shifted = ofYear <= 2 ? years - 1 : years;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (ofYear + (ofYear > 2 ? -3 : 9)) + 2) / 5);
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * daysPerEra + dayOfEra - daysToUnix + day - 1;
}

export function civilFromDays(days: number): CivilDay {
  const shifted = days + daysToUnix;
  const era = Math.floor(shifted / daysPerEra);
  const dayOfEra = shifted - era * daysPerEra;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}

/** What calendar and clock show at an instant (nanoseconds since 1970) where UTC is ahead by so many seconds. */
export function civilAt(instant: bigint, offset: number): CivilTime {
  const seconds =
    Number((instant - moduloBig(instant, nanosecondsPerSecond)) / nanosecondsPerSecond) + offset;
  const days = Math.floor(seconds / secondsPerDay);
  const rest = seconds - days * secondsPerDay;
  return {
    ...civilFromDays(days),
    hour: Math.floor(rest / 3600),
    minute: Math.floor(rest / 60) % 60,
    second: rest % 60,
    nanosecond: Number(moduloBig(instant, nanosecondsPerSecond)),
  };
}

/** Seconds since 1970 that calendar and clock would show in UTC. */
export function secondsOf({ year, month, day, hour, minute, second }: Omit<CivilTime, 'nanosecond'>): number {
  return daysFromCivil(year, month, day) * secondsPerDay + hour * 3600 + minute * 60 + second;
}

/** 0 = Sunday. */
export function weekdayOf({ year, month, day }: CivilDay): number {
  return modulo(daysFromCivil(year, month, day) + 4, 7);
}

/** 1 to 366. */
export function dayOfYear({ year, month, day }: CivilDay): number {
  return daysFromCivil(year, month, day) - daysFromCivil(year, 1, 1) + 1;
}

export function daysInMonth(year: number, month: number): number {
  return daysFromCivil(year, month + 1, 1) - daysFromCivil(year, month, 1);
}

function modulo(value: number, by: number): number {
  return value - Math.floor(value / by) * by;
}

function moduloBig(value: bigint, by: bigint): bigint {
  return ((value % by) + by) % by;
}
