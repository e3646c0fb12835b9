import type { CheckFinding, CheckResult } from './types.ts';

/** Whether nothing was found but notes. */
export function passes({ findings, compiles }: CheckResult): boolean {
  return compiles && findings.every(({ level }) => level === 'note');
}

/** What was found, for people: a line of place and message each, and what to do below. */
export function checkText(result: CheckResult, prefix = ''): string {
  const lines = result.findings.map(
    ({ file, row, column, level, rule, message, advice }) =>
      `${prefix}${file}:${row}:${column}: ${level} [${rule}] ${message}\n    ${advice}\n`,
  );
  return `${lines.join('')}${summary(result)}\n`;
}

/** The last line of every form for people. */
export function summary({ findings, compiles, modules }: CheckResult): string {
  const count = (level: CheckFinding['level']): number =>
    findings.filter((one) => one.level === level).length;
  const found = (['error', 'warning', 'note'] as const)
    .map((level) => [count(level), level] as const)
    .filter(([number]) => number > 0)
    .map(([number, level]) => `${number} ${level}${number === 1 ? '' : 's'}`);
  const what = found.length > 0 ? found.join(', ') : 'nothing found';
  return `${modules} module${modules === 1 ? '' : 's'}: ${what}${compiles ? '' : '; the policy does not compile'}`;
}
