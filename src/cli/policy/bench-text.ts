import type { BenchReport, Change } from '../../workshop/bench/types.ts';
import { plain, table, type Paint } from '../output.ts';

/** What a measurement has become against an older one. */
export interface BenchChanges {
  readonly cases: readonly Change[];
  readonly rules: readonly Change[];
  readonly median: { readonly before_us: number; readonly after_us: number };
}

/** Rules that are shown; all of them are in the JSON. */
const mostRules = 20;

/** A measurement for people: times in microseconds. */
export function benchText(
  report: BenchReport,
  without: readonly string[],
  changes: BenchChanges | undefined,
  paint: Paint,
): string {
  const sections = changes ? changeTables(changes, paint) : plainTables(report, paint);
  const { median_us: median, cases } = report;
  const head = `bundle ${report.bundle.slice(0, 12)}: median of ${cases.length} cases ${fixed(median)} µs in WASM, warm\n`;
  const lacks = without.map((id) => `not timed, the policy is not asked: ${plain(id)}\n`).join('');
  return [head, ...sections, ...(lacks === '' ? [] : [lacks])].join('\n');
}

const interpreted =
  'By rule, as opa interprets the sources (opa eval --profile): shares to look at, not times of WASM\n';

function plainTables({ cases, rules }: BenchReport, paint: Paint): readonly string[] {
  const slowest = cases.toSorted((a, b) => b.median_us - a.median_us);
  const rows = slowest.map((one) => [one.id, padded(one.median_us), padded(one.p95_us), one.runs]);
  return [
    table(['case, in WASM', 'median µs', 'p95 µs', 'runs'], rows, paint),
    ...(rules === null
      ? []
      : [
          interpreted +
            table(
              ['rule, interpreted', 'at', 'share', 'evaluations', 'µs'],
              rules
                .slice(0, mostRules)
                .map((one) => [
                  one.rule,
                  one.place,
                  percent(one.share),
                  one.evaluations,
                  padded(one.time_us),
                ]),
              paint,
            ),
        ]),
  ];
}

function changeTables({ cases, rules, median }: BenchChanges, paint: Paint): readonly string[] {
  const rows = (changes: readonly Change[]) =>
    changes.map((one) => [one.name, time(one.before_us), time(one.after_us), ratio(one.ratio)]);
  const whole = [
    'median of all',
    time(median.before_us),
    time(median.after_us),
    ratio(median.before_us === 0 ? null : median.after_us / median.before_us),
  ];
  return [
    table(['case, in WASM', 'before µs', 'after µs', 'ratio'], [...rows(cases), whole], paint),
    ...(rules.length === 0
      ? []
      : [
          interpreted +
            table(
              ['rule, interpreted', 'before µs', 'after µs', 'ratio'],
              rows(rules.slice(0, mostRules)),
              paint,
            ),
        ]),
  ];
}

function time(us: number | null): string | null {
  return us === null ? null : padded(us);
}

function ratio(value: number | null): string | null {
  return value === null ? null : value.toFixed(2).padStart(5);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`.padStart(6);
}

function padded(us: number): string {
  return fixed(us).padStart(9);
}

function fixed(us: number): string {
  return us.toFixed(1);
}
