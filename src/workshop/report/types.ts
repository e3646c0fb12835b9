import type { EpochMs } from '../../lib/clock.ts';
import type { CaseOutcome, CaseStatus } from '../cases/types.ts';
import type { PolicyCoverage } from '../coverage/types.ts';
import type { RegoTest } from '../rego-tests/run-tests.ts';

/** A titled part of what is told of a test that failed; its lines are text from outside, as it came. */
export interface ReportSection {
  readonly title: string;
  readonly lines: readonly string[];
}

/** One test in a report, whatever its kind. */
export interface ReportItem {
  readonly kind: 'case' | 'rego';
  /** The same in every run. */
  readonly id: string;
  readonly title: string;
  /** Relative to the folder that was named. */
  readonly file: string;
  /** Begins at 1. */
  readonly line: number;
  readonly tags: readonly string[];
  readonly status: CaseStatus;
  readonly skipReason?: string;
  readonly durationMs: number;
  /** What is wrong, a line each. */
  readonly problems: readonly string[];
  readonly sections: readonly ReportSection[];
  /** What it was made from. */
  readonly of: CaseOutcome | RegoTest;
}

/** Everything that one run came to. */
export interface Report {
  readonly program: string;
  readonly started: EpochMs;
  readonly durationMs: number;
  readonly items: readonly ReportItem[];
  readonly crossCheck?: {
    readonly compared: number;
    readonly unasked: number;
    readonly differing: number;
  };
  readonly coverage?: PolicyCoverage;
  /** In what the run fails although no test does. */
  readonly shortfall?: string;
}

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly errors: number;
}

/** How many of each. */
export function countsOf(items: readonly Pick<ReportItem, 'status'>[]): Counts {
  const of = (status: CaseStatus): number => items.filter((item) => item.status === status).length;
  return { passed: of('passed'), failed: of('failed'), skipped: of('skipped'), errors: of('error') };
}

/** `12 passed, 1 failed, 2 skipped`; what there is none of is left out, but for the first two. */
export function countsText({ passed, failed, skipped, errors }: Counts): string {
  return [
    `${passed} passed`,
    `${failed} failed`,
    ...(errors > 0 ? [`${errors} with errors`] : []),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
  ].join(', ');
}

/** Items by their files, in the order in which they come. */
export function byFile(items: readonly ReportItem[]): ReadonlyMap<string, readonly ReportItem[]> {
  return Map.groupBy(items, ({ file }) => file);
}
