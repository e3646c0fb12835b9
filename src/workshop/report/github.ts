import { countsOf, countsText } from './types.ts';
import type { Report, ReportItem } from './types.ts';
import { sectionLines, visible } from './visible.ts';

/**
 * A report as workflow commands of GitHub Actions, which it shows at the lines of the files: an error for each test that
 * failed with the first part of what is told of it, a notice for each that was skipped; the counts as the last line. `prefix` is where the project is in the
 * repository, such as `policies/`.
 */
export function githubText({ items }: Report, prefix = ''): string {
  return `${items.flatMap((item) => command(item, prefix)).join('')}${countsText(countsOf(items))}\n`;
}

function command(
  { status, file, line, title, problems, sections, skipReason = '' }: ReportItem,
  prefix: string,
): readonly string[] {
  const place = `file=${property(prefix + file)},line=${line},title=${property(title)}`;
  if (status === 'passed') return [];
  if (status === 'skipped') return [`::notice ${place}::${data(`skipped: ${visible(skipReason)}`)}\n`];
  const lines = [...problems.map(visible), '', ...sectionLines(sections.slice(0, 1))];
  return [`::error ${place}::${data(lines.join('\n').trimEnd())}\n`];
}

/** What stands behind the second `::`, escaped as the runner reads it. */
function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(visible(text)).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
