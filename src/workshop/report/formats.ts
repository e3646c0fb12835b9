import { PortreeveError } from '../../lib/errors.ts';
import { githubText } from './github.ts';
import { reportDocument } from './json.ts';
import { junitText } from './junit.ts';
import { tapText } from './tap.ts';
import { treeText } from './tree.ts';
import type { PaintReport } from './tree.ts';
import type { Report } from './types.ts';

export const reportFormats = ['tree', 'junit', 'json', 'github', 'tap'] as const;
export type ReportFormat = (typeof reportFormats)[number];

/** Where a report goes, and how it is written. */
export interface ReportTarget {
  readonly format: ReportFormat;
  /** Undefined: standard output. */
  readonly file: string | undefined;
}

/**
 * Reads what is said by `--format`, each as `FORMAT` or `FORMAT=FILE`; nothing is the tree. Throws PDP_USAGE for a
 * format that there is none of, for two on standard output, and for two into the same file.
 */
export function reportTargets(said: readonly string[]): readonly ReportTarget[] {
  const targets = said.length === 0 ? [{ format: 'tree' as const, file: undefined }] : said.map(targetOf);
  const places = targets.map(({ file }) => file);
  const twice = places.find((file, index) => places.indexOf(file) !== index);
  if (twice !== undefined)
    throw new PortreeveError('PDP_USAGE', `--format: two reports cannot both go to ${twice}`);
  if (places.filter((file) => file === undefined).length > 1) {
    throw new PortreeveError(
      'PDP_USAGE',
      '--format: only one report can go to standard output; name files for the others, such as junit=report.xml',
    );
  }
  return targets;
}

function targetOf(text: string): ReportTarget {
  const [name = '', ...rest] = text.split('=');
  const format = reportFormats.find((one) => one === name);
  const file = rest.join('=');
  if (!format || (rest.length > 0 && file === '')) {
    throw new PortreeveError(
      'PDP_USAGE',
      `--format ${text}: it must be one of ${reportFormats.join(', ')}, also as FORMAT=FILE`,
    );
  }
  return { format, file: rest.length > 0 ? file : undefined };
}

export interface WriteOptions {
  /** Used for the tree. */
  readonly paint: PaintReport;
  /** Where the project is in its repository, such as `policies/`; GitHub wants names from there. */
  readonly prefix: string;
}

/** The text of a report in one format. */
export function writeReport(report: Report, format: ReportFormat, { paint, prefix }: WriteOptions): string {
  switch (format) {
    case 'tree':
      return treeText(report, paint);
    case 'junit':
      return junitText(report);
    case 'json':
      return `${JSON.stringify(reportDocument(report), null, 2)}\n`;
    case 'github':
      return githubText(report, prefix);
    case 'tap':
      return tapText(report);
  }
}
