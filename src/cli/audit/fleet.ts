import { readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import { readFleet, refuseTwice, sameLogBefore, silenceOf } from '../../audit/verify/fleet.ts';
import type { FleetLog } from '../../audit/verify/fleet.ts';
import type { Finding } from '../../audit/verify/findings.ts';
import { logsBelow } from '../../audit/verify/place.ts';
import type { LogReport, VerifyOptions } from '../../audit/verify/verify-log.ts';
import { asPortreeveError, describeThrown, PortreeveError } from '../../lib/errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { plain, table, type Cell } from '../output.ts';
import type { Answer, Session } from '../session.ts';
import { findingLine, reportData } from './report-text.ts';
import { verifyOne } from './verify-one.ts';

/** What became of one log of the list; without a report it is missing. */
interface Row {
  readonly site: string;
  readonly location: string;
  readonly report: LogReport | undefined;
  readonly findings: readonly Finding[];
  readonly remarks: readonly Finding[];
}

/**
 * `audit verify --fleet`: verifies every log of the list by the keys there, and tells what is missing, silent past its
 * heartbeat, or lies in the places that are named and is not listed.
 */
export async function runFleet(
  file: string,
  places: readonly string[],
  options: VerifyOptions,
  session: Session,
): Promise<Answer> {
  if (options.held)
    throw new PortreeveError('PDP_USAGE', '--checkpoint is of one log; it cannot go with --fleet');
  const path = resolve(session.around.folder, file);
  const listed = readFleet(readYaml(path, file)).map((log) => ({
    ...log,
    location: located(log.location, path),
  }));
  refuseTwice(listed, placeOf);
  const rows: Row[] = [];
  for (const log of listed) rows.push(withTwin(await rowOf(log, options, session), rows));
  rows.push(...unlisted(listed, places, session));
  const failed = rows.some(({ findings }) => findings.length > 0);
  return {
    exit: failed ? exitCodes.failed : exitCodes.ok,
    data: {
      verdict: failed ? 'failed' : 'verified',
      logs: rows.map(({ site, location, report, findings, remarks }) => ({
        site,
        ...(report ? reportData(report) : { location }),
        verdict: findings.length > 0 ? 'failed' : 'verified',
        findings,
        remarks,
      })),
    },
    text: textOf(rows, failed, session),
  };
}

function readYaml(path: string, name: string): unknown {
  try {
    return parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new PortreeveError('PDP_INPUT_MALFORMED', `cannot read ${name}: ${describeThrown(cause)}`, {
      cause,
    });
  }
}

/** Paths in the list are relative to it. */
function located(location: string, list: string): string {
  return /^https?:\/\//i.test(location) ? location : resolve(dirname(list), location);
}

/** What two ways of naming one place have in common: its path without links, or its address without a slash at its end. */
function placeOf(location: string): string {
  if (/^https?:\/\//i.test(location)) return URL.parse(location)?.href.replace(/\/+$/, '') ?? location;
  try {
    return realpathSync(location);
  } catch {
    return location;
  }
}

/** Two sites have two logs: one that stands for both would hide that the other is gone. */
function withTwin(row: Row, before: readonly Row[]): Row {
  const twin = row.report && sameLogBefore(before, row.report);
  if (!twin) return row;
  const message = `this is the log of ${twin.site} too: it has the same name and the same key`;
  return { ...row, findings: [...row.findings, { code: 'fleet.twice', entry: null, message }] };
}

async function rowOf(log: FleetLog, options: VerifyOptions, session: Session): Promise<Row> {
  const { site, location, keys } = log;
  let report: LogReport;
  try {
    report = await verifyOne(location, { ...options, keys }, session);
  } catch (thrown) {
    const { message } = asPortreeveError(thrown);
    return { site, location, report: undefined, findings: [missing(message)], remarks: [] };
  }
  if (report.findings.some(({ code }) => code === 'checkpoint.missing')) {
    const findings = [missing('there is no checkpoint')];
    return { site, location, report, findings, remarks: report.remarks };
  }
  const silence = silenceOf(log, report, session.around.clock.now());
  const findings = [...silence.findings, ...report.findings];
  return { site, location, report, findings, remarks: [...silence.remarks, ...report.remarks] };
}

function missing(message: string): Finding {
  return { code: 'fleet.missing', entry: null, message: `the log is missing: ${message}` };
}

/** Logs that lie where was looked and are on no line of the list. */
function unlisted(listed: readonly FleetLog[], places: readonly string[], session: Session): readonly Row[] {
  const known = new Set(listed.map(({ location }) => placeOf(location)));
  const found = places.flatMap((place) => {
    const path = resolve(session.around.folder, place);
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory())
      throw new PortreeveError('PDP_NOT_FOUND', `there is no folder ${place} to look for logs in`);
    return logsBelow(path);
  });
  return [...new Set(found)]
    .filter((location) => !known.has(placeOf(location)))
    .map((location) => ({
      site: '-',
      location,
      report: undefined,
      findings: [
        { code: 'fleet.unlisted', entry: null, message: 'this log is on no line of the list' } as const,
      ],
      remarks: [],
    }));
}

function textOf(rows: readonly Row[], failed: boolean, session: Session): string {
  const { paint } = session;
  const told = rows.flatMap(({ site, location, findings, remarks }) => {
    const name = plain(site === '-' ? location : site);
    return [
      ...findings.map((one) => `${name}: ${findingLine(paint('bad', 'WRONG'), one)}`),
      ...remarks.map((one) => `${name}: ${findingLine(paint('warn', 'NOTE '), one)}`),
    ];
  });
  const cells = rows.map(({ site, location, report, findings }): readonly Cell[] => [
    site,
    findings.length > 0 ? { text: 'FAILED', tone: 'bad' } : { text: 'VERIFIED', tone: 'good' },
    report?.size ?? null,
    report?.outside[0] ?? null,
    location,
  ]);
  const verdict = failed
    ? paint('bad', 'FAILED: the fleet is not as it is listed')
    : paint('good', `VERIFIED: all ${rows.length} logs`);
  return `${told.join('')}${table(['site', 'verdict', 'entries', 'outside', 'log'], cells, paint)}${verdict}\n`;
}
