import { formatInstant } from '../../lib/clock.ts';
import { byFile, countsOf } from './types.ts';
import type { Report, ReportItem } from './types.ts';
import { sectionLines, visible } from './visible.ts';

/**
 * A report as JUnit XML, in the form that Jenkins, GitLab, GitHub's and Azure's readers have in common: one `testsuite` a
 * file, times in seconds, one `failure`, `error` or `skipped` in a `testcase`.
 */
export function junitText(report: Report): string {
  const suites = [...byFile(report.items)].map(([file, items]) => suiteXml(file, items, report));
  const all = attributes({
    name: 'portreeve policy test',
    ...countAttributes(report.items),
    time: seconds(report.durationMs),
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites${all}>\n${suites.join('')}</testsuites>\n`;
}

function suiteXml(file: string, items: readonly ReportItem[], { started }: Report): string {
  const time = items.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const own = attributes({
    ...{ name: file, ...countAttributes(items), time: seconds(time) },
    // The form has no place for a zone, and readers take it for UTC.
    timestamp: formatInstant(started).slice(0, 19),
  });
  return `  <testsuite${own}>\n${items.map(testXml).join('')}  </testsuite>\n`;
}

function countAttributes(items: readonly ReportItem[]): Readonly<Record<string, string>> {
  const { failed, skipped, errors } = countsOf(items);
  return {
    ...{ tests: `${items.length}`, failures: `${failed}` },
    ...{ errors: `${errors}`, skipped: `${skipped}` },
  };
}

function testXml(item: ReportItem): string {
  const own = attributes({
    name: item.title,
    // Readers group by it, and take dots for levels.
    classname: item.file
      .replace(/\.(ya?ml|json|rego)$/, '')
      .replaceAll('.', '_')
      .replaceAll('/', '.'),
    file: item.file,
    line: `${item.line}`,
    time: seconds(item.durationMs),
  });
  const inner = innerXml(item);
  return inner === '' ? `    <testcase${own}/>\n` : `    <testcase${own}>\n${inner}    </testcase>\n`;
}

function innerXml({ status, problems, sections, skipReason = '' }: ReportItem): string {
  if (status === 'passed') return '';
  if (status === 'skipped') return `      <skipped${attributes({ message: skipReason })}/>\n`;
  const element = status === 'error' ? 'error' : 'failure';
  const own = attributes({ message: problems[0] ?? status, type: element });
  const lines = [...problems.map(visible), '', ...sectionLines(sections)];
  return `      <${element}${own}>${escaped(lines.join('\n').trimEnd(), false)}</${element}>\n`;
}

function attributes(of: Readonly<Record<string, string>>): string {
  return Object.entries(of)
    .map(([name, value]) => ` ${name}="${escaped(visible(value), true)}"`)
    .join('');
}

/** Text that is visible already, as character data or in an attribute, which would make spaces of tabs. */
function escaped(text: string, attribute: boolean): string {
  const safe = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return attribute ? safe.replaceAll('"', '&quot;').replaceAll('\t', '&#9;') : safe;
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(3);
}
