import type { LogReport } from '../../audit/verify/verify-log.ts';
import type { Finding } from '../../audit/verify/findings.ts';
import { formatInstant } from '../../lib/clock.ts';
import { fields, plain } from '../output.ts';
import type { Session } from '../session.ts';

/** A report as programs read it. */
export function reportData(report: LogReport): object {
  const { location, verdict, origin, size, root, from, decisions, others, first, last, outside, keys } =
    report;
  return {
    ...{ location, verdict, origin, size, root, from, decisions, others },
    first: first === null ? null : formatInstant(first),
    last: last === null ? null : formatInstant(last),
    ...{ outside, keys, findings: report.findings, remarks: report.remarks, untold: report.untold },
  };
}

/** A report for people: what is wrong first, the verdict last. */
export function reportText(report: LogReport, { paint }: Session): string {
  const { location, verdict, origin, size, from, first, last, outside, untold } = report;
  const found = [
    ...report.findings.map((one) => findingLine(paint('bad', 'WRONG'), one)),
    ...report.remarks.map((one) => findingLine(paint('warn', 'NOTE '), one)),
    ...(untold > 0 ? [`       and ${untold} more\n`] : []),
  ];
  const read = from === null || size === null ? 'nothing' : `entries ${from} to ${size - 1}`;
  const about: [string, string][] = [
    ['log', origin === null ? location : `${location}, ${origin}`],
    [
      'read',
      size === from ? 'no entries' : `${read}: ${report.decisions} decisions, ${report.others} other records`,
    ],
    ...(first === null || last === null
      ? []
      : [['time', `${formatInstant(first)} to ${formatInstant(last)}`] as [string, string]]),
    ...outside.map((line) => ['outside', line] as [string, string]),
  ];
  const end =
    verdict === 'verified'
      ? paint('good', 'VERIFIED: every entry is what was signed')
      : paint('bad', 'FAILED: this is not what was signed');
  return `${found.join('')}${fields(about, paint)}${end}\n`;
}

/** One finding as a line. */
export function findingLine(kind: string, { code, message }: Finding): string {
  return `${kind}  ${code}: ${plain(message)}\n`;
}
