import { coverageText } from '../coverage/text.ts';
import { byFile, countsOf, countsText } from './types.ts';
import type { Report, ReportItem } from './types.ts';
import { sectionLines, visible } from './visible.ts';

/** Colours a text, or leaves it as it is. */
export type PaintReport = (tone: 'good' | 'bad' | 'warn' | 'quiet' | 'strong', text: string) => string;

/** Above so many tests only files in which something went wrong are told test by test. */
const mostListed = 200;

/** A report for people: a tree of files and their tests, then what went wrong, and the counts as the last line. */
export function treeText(report: Report, paint: PaintReport): string {
  const { items } = report;
  const all = items.length <= mostListed;
  const files = [...byFile(items)].map(([file, own]) => fileText(file, own, all, paint));
  const failures = items.filter(({ status }) => isWrong(status)).map((item) => failureText(item, paint));
  return [
    ...files,
    ...(failures.length > 0 ? ['\n', ...failures] : []),
    ...(report.coverage ? [`\n${coverageText(report.coverage)}`] : []),
    `\n${summaryText(report, paint)}\n`,
  ].join('');
}

function isWrong(status: ReportItem['status']): boolean {
  return status === 'failed' || status === 'error';
}

function fileText(file: string, items: readonly ReportItem[], all: boolean, paint: PaintReport): string {
  const counts = countsOf(items);
  const wrong = counts.failed + counts.errors > 0;
  const head = `${paint('strong', visible(file))}  ${paint(wrong ? 'bad' : 'quiet', countsText(counts))}\n`;
  const shown = all ? items : items.filter(({ status }) => isWrong(status));
  return head + shown.map((item) => `  ${itemText(item, paint)}\n`).join('');
}

function itemText({ status, title, skipReason, durationMs }: ReportItem, paint: PaintReport): string {
  const name = visible(title);
  if (status === 'passed')
    return `${paint('good', '✓')} ${name} ${paint('quiet', `(${milliseconds(durationMs)})`)}`;
  if (status === 'skipped')
    return `${paint('warn', '-')} ${name} ${paint('warn', `skipped: ${visible(skipReason ?? '')}`)}`;
  return `${paint('bad', '✗')} ${name}`;
}

/** Every line of it begins with a bar: nothing from outside stands at the beginning of a line, where a CI would obey it. */
function failureText(item: ReportItem, paint: PaintReport): string {
  const head = `${paint('bad', item.status === 'error' ? 'ERROR' : 'FAILED')} ${visible(item.title)}`;
  const place = paint('quiet', `${visible(item.file)}:${item.line}`);
  const lines = [...item.problems.map(visible), '', ...sectionLines(item.sections)];
  while (lines.at(-1) === '') lines.pop();
  return `${head}\n${place}\n${lines.map((line) => `${paint('bad', '|')} ${line}`.trimEnd()).join('\n')}\n\n`;
}

function summaryText({ items, crossCheck, durationMs, shortfall }: Report, paint: PaintReport): string {
  const counts = countsOf(items);
  const tone = counts.failed + counts.errors > 0 ? 'bad' : 'good';
  const checked = crossCheck
    ? `cross-checked with opa: ${crossCheck.compared} compared, ${crossCheck.differing} differ` +
      `${crossCheck.unasked > 0 ? `; in ${crossCheck.unasked} the policy was not asked` : ''}\n`
    : '';
  const short = shortfall === undefined ? '' : `${paint('bad', shortfall)}\n`;
  return `${checked}${short}${paint(tone, countsText(counts))} ${paint('quiet', `(${(durationMs / 1000).toFixed(1)} s)`)}`;
}

function milliseconds(duration: number): string {
  return duration < 10 ? `${duration.toFixed(1)} ms` : `${Math.round(duration)} ms`;
}
