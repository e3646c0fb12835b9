import { PortreeveError } from '../../lib/errors.ts';
import type { Bundle } from '../../policy/bundle.ts';
import { isObject } from '../../policy/is-object.ts';
import { rank } from './time-cases.ts';
import type { BenchReport, CaseTime, Change, RuleTime } from './types.ts';

/** Puts a measurement together. */
export function reportOf(
  { digest, revision }: Pick<Bundle, 'digest' | 'revision'>,
  cases: readonly CaseTime[],
  rules: readonly RuleTime[] | null,
): BenchReport {
  const medians = cases.map((one) => one.median_us).sort((a, b) => a - b);
  return { format: 1, bundle: digest, revision, cases, median_us: rank(medians, 0.5), rules };
}

/** Reads a saved measurement. Throws PDP_INPUT_MALFORMED naming the file where it is none. */
export function readReport(text: string, file: string): BenchReport {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new PortreeveError('PDP_INPUT_MALFORMED', `${file} is not JSON`, { cause });
  }
  if (!isReport(value)) {
    throw new PortreeveError('PDP_INPUT_MALFORMED', `${file} is not what policy bench --save wrote`);
  }
  return value;
}

function isReport(value: unknown): value is BenchReport {
  if (!isObject(value) || value['format'] !== 1 || typeof value['median_us'] !== 'number') return false;
  const { cases, rules } = value;
  const timed = (key: 'median_us' | 'time_us', name: 'id' | 'rule') => (one: unknown) =>
    isObject(one) && typeof one[key] === 'number' && typeof one[name] === 'string';
  if (!Array.isArray(cases) || !cases.every(timed('median_us', 'id'))) return false;
  return rules === null || (Array.isArray(rules) && rules.every(timed('time_us', 'rule')));
}

/** Cases before and after, those that have become slower first; new and gone ones last. */
export function caseChanges(before: BenchReport, after: BenchReport): readonly Change[] {
  return changes(
    new Map(before.cases.map((one) => [one.id, one.median_us])),
    new Map(after.cases.map((one) => [one.id, one.median_us])),
  );
}

/** Rules before and after; a rule with several clauses is one. Empty where one of them has none. */
export function ruleChanges(before: BenchReport, after: BenchReport): readonly Change[] {
  if (!before.rules || !after.rules) return [];
  return changes(byRule(before.rules), byRule(after.rules));
}

function byRule(rules: readonly RuleTime[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const { rule, time_us: us } of rules) sums.set(rule, (sums.get(rule) ?? 0) + us);
  return sums;
}

function changes(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): readonly Change[] {
  return [...new Set([...before.keys(), ...after.keys()])]
    .map((name): Change => {
      const [was, is] = [before.get(name) ?? null, after.get(name) ?? null];
      const ratio = was === null || is === null || was === 0 ? null : Math.round((is / was) * 100) / 100;
      return { name, before_us: was, after_us: is, ratio };
    })
    .sort((a, b) => (b.ratio ?? -1) - (a.ratio ?? -1) || (a.name < b.name ? -1 : 1));
}
