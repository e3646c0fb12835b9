import { stringify } from 'yaml';
import type { Report, ReportItem } from './types.ts';
import { sectionLines, visible } from './visible.ts';

/** A report as TAP 14 (https://testanything.org/tap-version-14-specification.html). */
export function tapText({ items }: Report): string {
  return [
    'TAP version 14\n',
    `1..${items.length}\n`,
    ...items.map((item, index) => testText(item, index + 1)),
  ].join('');
}

function testText(item: ReportItem, number: number): string {
  const { status, title, file, line, skipReason = '', problems, sections, durationMs } = item;
  const wrong = status === 'failed' || status === 'error';
  const skip = status === 'skipped' ? ` # SKIP ${described(skipReason)}` : '';
  const head = `${wrong ? 'not ok' : 'ok'} ${number} - ${described(title)}${skip}\n`;
  if (!wrong) return head;
  const details = sectionLines(sections).join('\n').trimEnd();
  const diagnostics = {
    message: visible(problems[0] ?? status),
    severity: status === 'error' ? 'error' : 'fail',
    at: { file: visible(file), line },
    duration_ms: Math.round(durationMs * 1000) / 1000,
    ...(problems.length > 1 && { problems: problems.map(visible) }),
    ...(details !== '' && { details }),
  };
  const block = stringify(diagnostics, { lineWidth: 0 }).trimEnd().split('\n');
  return `${head}  ---\n${block.map((text) => `  ${text}`.trimEnd()).join('\n')}\n  ...\n`;
}

/** Without what would be read as a directive. */
function described(text: string): string {
  return visible(text).replaceAll('\\', '\\\\').replaceAll('#', '\\#');
}
