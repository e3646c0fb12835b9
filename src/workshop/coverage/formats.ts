import { PortreeveError } from '../../lib/errors.ts';
import { coverageDocument } from './json.ts';
import { lcovText } from './lcov.ts';
import { coverageText } from './text.ts';
import { lineShare, ruleShare } from './types.ts';
import type { PolicyCoverage } from './types.ts';

export const coverageFormats = ['text', 'lcov', 'json'] as const;
export type CoverageFormat = (typeof coverageFormats)[number];

export interface CoverageTarget {
  readonly format: CoverageFormat;
  readonly file: string;
}

/** Reads what is said by `--coverage-out`, each `FORMAT=FILE`. Throws PDP_USAGE. */
export function coverageTargets(said: readonly string[]): readonly CoverageTarget[] {
  return said.map((text) => {
    const at = text.indexOf('=');
    const format = coverageFormats.find((one) => one === text.slice(0, at));
    if (at > 0 && format && text.length > at + 1) return { format, file: text.slice(at + 1) };
    throw new PortreeveError(
      'PDP_USAGE',
      `--coverage-out ${text}: it must be FORMAT=FILE, FORMAT one of ${coverageFormats.join(', ')}`,
    );
  });
}

/** The text of coverage in one format. */
export function writeCoverage(coverage: PolicyCoverage, format: CoverageFormat): string {
  if (format === 'lcov') return lcovText(coverage);
  return format === 'text'
    ? coverageText(coverage)
    : `${JSON.stringify(coverageDocument(coverage), null, 2)}\n`;
}

/** What is said where lines or rules are covered less than is wanted (percent); undefined where neither is. */
export function shortfall({ files, rules }: PolicyCoverage, least: number): string | undefined {
  const parts = [
    ['lines', lineShare(files).percent],
    ['rules', ruleShare(rules).percent],
  ] as const;
  const below = parts.filter(([, percent]) => percent < least);
  if (below.length === 0) return undefined;
  const told = below.map(([what, percent]) => `${percent.toFixed(1)} % of ${what}`).join(' and ');
  return `covered are ${told}, and ${least} % are wanted`;
}
