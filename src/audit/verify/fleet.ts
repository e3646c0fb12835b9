import { formatInstant } from '../../lib/clock.ts';
import type { EpochMs } from '../../lib/clock.ts';
import { formatDuration, parseDuration } from '../../lib/duration.ts';
import { PortreeveError } from '../../lib/errors.ts';
import { parseVerifier } from '../tlog/note.ts';
import type { NoteVerifier } from '../tlog/note.ts';
import type { Finding } from './findings.ts';
import type { LogReport } from './verify-log.ts';

/** One log that should be there. */
export interface FleetLog {
  /** What the list calls it. */
  readonly site: string;
  readonly location: string;
  readonly keys: readonly NoteVerifier[];
  /** Longest silence before it is told (ms); null = three heartbeats, as the log says when they are due. */
  readonly silenceMs: number | null;
}

/**
 * Reads the list of a fleet, parsed from YAML: `logs:` with `site`, `log`, `keys` and `silence` for each. Throws
 * PDP_INPUT_MALFORMED naming the line's site, for an unknown key too.
 */
export function readFleet(value: unknown): readonly FleetLog[] {
  const { logs, ...rest } = objectOf(value, 'the list');
  refuseOthers(rest, 'the list');
  if (!Array.isArray(logs) || logs.length === 0) throw malformed('the list has no logs');
  const read = logs.map(readLog);
  const twice = read.find(({ site }, place) => read.findIndex((other) => other.site === site) < place);
  if (twice) throw malformed(`${twice.site} is listed twice`);
  refuseTwice(read);
  return read;
}

function readLog(value: unknown, place: number): FleetLog {
  const { site, log, keys, silence, ...rest } = objectOf(value, `log ${place + 1}`);
  if (typeof site !== 'string' || site === '') throw malformed(`log ${place + 1} has no site`);
  refuseOthers(rest, site);
  if (typeof log !== 'string' || log === '') throw malformed(`${site} has no log`);
  if (!Array.isArray(keys) || keys.length === 0) throw malformed(`${site} has no keys`);
  const silenceMs = silence === undefined ? null : durationOf(silence);
  if (silenceMs === undefined) throw malformed(`${site}: silence is a duration such as 5m`);
  return { site, location: log, keys: keys.map((key) => parseVerifier(String(key))), silenceMs };
}

function durationOf(value: unknown): number | undefined {
  return typeof value === 'string' ? parseDuration(value) : undefined;
}

/** Heartbeats that may be missing. */
const beatsMissed = 3;

/** What is to be said of how long a log has been silent. */
export interface Silence {
  readonly findings: readonly Finding[];
  readonly remarks: readonly Finding[];
}

/**
 * Whether a log that was verified has gone silent, or its server was stopped for longer than it may be silent. Where neither
 * the list nor a heartbeat says how long that is, this is a remark.
 */
export function silenceOf(
  { silenceMs }: FleetLog,
  { beatMs, last, stopped, size, from }: LogReport,
  now: EpochMs,
): Silence {
  const silent = (message: string): Finding => ({ code: 'fleet.silent', entry: null, message });
  // What could not be read at all has failed already.
  if (from === null) return { findings: [], remarks: [] };
  if (last === null) {
    const what = size === 0 ? 'nothing was ever recorded' : 'no record that was read says when it lived';
    return { findings: [silent(`silent: ${what}`)], remarks: [] };
  }
  const most = silenceMs ?? (beatMs === null ? null : beatsMissed * beatMs);
  if (most === null) {
    const why = 'it has no heartbeat, and the list says no silence for it';
    const message = `whether it is silent cannot be told: ${why}; its last record is of ${formatInstant(last)}`;
    return { findings: [], remarks: [silent(message)] };
  }
  if (now - last <= most) return { findings: [], remarks: [] };
  const how = stopped ? 'stopped' : 'silent';
  return {
    findings: [silent(`${how} since ${formatInstant(last)} (${formatDuration(now - last)})`)],
    remarks: [],
  };
}

/** Throws PDP_INPUT_MALFORMED where two lines of the list are of one place, `where` being what its location leads to. */
export function refuseTwice(
  logs: readonly FleetLog[],
  where: (location: string) => string = (location) => location,
): void {
  const seen = new Map<string, string>();
  for (const { site, location } of logs) {
    const other = seen.get(where(location));
    if (other !== undefined) throw malformed(`${other} and ${site} have the same log, ${location}`);
    seen.set(where(location), site);
  }
}

/** The site before it in the list that has the same log: of the same name, by a key of the same succession. */
export function sameLogBefore<T extends { readonly report: LogReport | undefined }>(
  rows: readonly T[],
  report: LogReport,
): T | undefined {
  return rows.find(
    ({ report: other }) =>
      other !== undefined &&
      other.origin !== null &&
      other.origin === report.origin &&
      other.keys.some((key) => report.keys.includes(key)),
  );
}

function objectOf(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw malformed(`${what} is no mapping`);
  return value as Readonly<Record<string, unknown>>;
}

function refuseOthers(rest: object, what: string): void {
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw malformed(`${what} has an unknown key ${unknown}`);
}

function malformed(problem: string): PortreeveError {
  return new PortreeveError('PDP_INPUT_MALFORMED', `list of the fleet: ${problem}`);
}
