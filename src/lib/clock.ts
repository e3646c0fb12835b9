/** Milliseconds since 1970-01-01T00:00:00Z. The only unit in which an instant is held. */
export type EpochMs = number;

/** A source of time, given to whoever starts a flow; everyone below takes `now` as an argument. */
export interface Clock {
  /** Wall-clock time. */
  now(): EpochMs;
  /** Milliseconds that only ever grow, for deadlines and durations; unrelated to wall-clock time. */
  monotonic(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};

/** Instants that were lately written: what is decided in one millisecond has the same ones. */
const written = Array.from({ length: 61 }, () => ({ at: Number.NaN, text: '' }));

/** RFC 3339 in UTC with milliseconds, e.g. `2026-11-21T23:05:00.000Z`. Years past 9999 are clamped. */
export function formatInstant(at: EpochMs): string {
  const place = written[at % written.length];
  if (place?.at === at) return place.text;
  const text = new Date(Math.min(at, 253402300799999)).toISOString();
  if (place) [place.at, place.text] = [at, text];
  return text;
}

/** The same instant as a `Date`, for libraries that take nothing else. */
export function toDate(at: EpochMs): Date {
  return new Date(at);
}

const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/;

/**
 * As `parseInstant`, but an instant within a millisecond is held as its middle: it compares with whole milliseconds, as
 * certificates and CRLs have them, as what was written does. Printed it is the millisecond's begin.
 */
export function parseInstantExact(text: string): EpochMs | undefined {
  const at = parseInstant(text);
  const within = /\.\d{3}\d*[1-9]/.test(text);
  return at !== undefined && within ? at + 0.5 : at;
}

/**
 * Reads RFC 3339 strictly (no date-only form, no 30 February, no second 60); undefined where it is not that. What is
 * finer than a millisecond is cut off.
 */
export function parseInstant(text: string): EpochMs | undefined {
  const match = rfc3339.exec(text);
  if (!match) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const utc = new Date(0);
  utc.setUTCFullYear(year, month - 1, day);
  utc.setUTCHours(hour, minute, second, match[7] ? Math.floor(Number(`0${match[7]}`) * 1000) : 0);
  const same =
    utc.getUTCMonth() === month - 1 && utc.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
  if (!same) return undefined;
  const zone = match[8] ?? 'Z';
  if (zone === 'Z' || zone === 'z') return utc.getTime();
  const [zoneHours, zoneMinutes] = [Number(zone.slice(1, 3)), Number(zone.slice(4, 6))];
  if (zoneHours > 23 || zoneMinutes > 59) return undefined;
  const offset = (zoneHours * 60 + zoneMinutes) * 60_000;
  return utc.getTime() - (zone.startsWith('-') ? -offset : offset);
}

/**
 * Reads the date of an HTTP header (RFC 9110 section 5.6.7, the one form that is still sent), such as
 * `Sun, 06 Nov 1994 08:49:37 GMT`; undefined where it is not that.
 */
export function parseHttpDate(text: string): EpochMs | undefined {
  const form =
    /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT$/;
  const at = form.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(at) ? undefined : at;
}
