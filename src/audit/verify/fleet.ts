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
  for (const name of ['site', 'location'] as const) {
    const twice = read.find((one, place) =>
      read.some((other, at) => at < place && other[name] === one[name]),
    );
    if (twice) throw malformed(`${twice[name]} is listed twice`);
  }
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

/** Whether a log that was verified has gone silent; undefined where it has not, or nothing says when one is due. */
export function silenceOf(
  { silenceMs }: FleetLog,
  { beatMs, last, stopped }: LogReport,
  now: EpochMs,
): Finding | undefined {
  const most = silenceMs ?? (stopped || beatMs === null ? null : beatsMissed * beatMs);
  if (last === null || most === null || now - last <= most) return undefined;
  const how = stopped ? ', when it was stopped' : '';
  const message = `silent since ${formatInstant(last)} (${formatDuration(now - last)})${how}`;
  return { code: 'fleet.silent', entry: null, message };
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
