import { nameText } from '../../identity/name-text.ts';
import { formatInstant, type EpochMs } from '../../lib/clock.ts';
import { plain, table, type Paint } from '../output.ts';
import type { Verdict, VerdictRemark } from './judge.ts';

/** A verdict for machines; `path` is that of the batch's results, `certificates` says what stands behind it. */
export function verdictData({ valid, reasons, lint, path }: Verdict): object {
  return {
    valid,
    reasons,
    lint,
    path: path.map(({ fingerprint }) => fingerprint),
    certificates: path.map(({ subject, issuer, serial, notBefore, notAfter }) => ({
      subject: nameText(subject),
      issuer: nameText(issuer),
      serial,
      not_before: formatInstant(notBefore),
      not_after: formatInstant(notAfter),
    })),
  };
}

/** A verdict for people. */
export function verdictText(verdict: Verdict, at: EpochMs, paint: Paint): string {
  const { valid, reasons, lint, path } = verdict;
  const head = valid ? paint('good', 'valid') : paint('bad', 'not valid');
  return [
    `${head}  at ${formatInstant(at)}\n`,
    path.length > 0
      ? `\n${paint('strong', valid ? 'Path' : 'Best path tried')}\n${pathText(verdict, paint)}`
      : '',
    remarksText('Reasons', reasons, 'bad', paint),
    remarksText('Lint', lint, 'warn', paint),
  ].join('');
}

function pathText({ path }: Verdict, paint: Paint): string {
  const rows = path.map((one, place) => [
    place,
    place === path.length - 1 ? 'anchor' : place === 0 ? 'leaf' : 'CA',
    nameText(one.subject) || '(empty)',
    one.serial,
    formatInstant(one.notAfter),
    one.fingerprint.slice(0, 16),
  ]);
  return table(['#', 'role', 'subject', 'serial', 'not after', 'SHA-256'], rows, paint);
}

function remarksText(
  title: string,
  remarks: readonly VerdictRemark[],
  tone: 'bad' | 'warn',
  paint: Paint,
): string {
  if (remarks.length === 0) return '';
  const lines = remarks.map(({ code, message, certificate }) => {
    const place = certificate === null ? '-' : `#${certificate}`;
    return `  ${place.padEnd(3)} ${paint(tone, code)}  ${plain(message)}\n`;
  });
  return `\n${paint('strong', title)}\n${lines.join('')}`;
}
