import { summary } from './text.ts';
import type { CheckFinding, CheckResult } from './types.ts';

/**
 * What was found as workflow commands of GitHub Actions, which it shows at the lines of the files; a summary as the last
 * line. `prefix` is where the project is in the repository, such as `policies/`.
 */
export function checkGithub(result: CheckResult, prefix = ''): string {
  return `${result.findings.map((finding) => command(finding, prefix)).join('')}${summary(result)}\n`;
}

const commands = { error: 'error', warning: 'warning', note: 'notice' } as const;

function command({ level, rule, file, row, column, message, advice }: CheckFinding, prefix: string): string {
  const place = `file=${property(prefix + file)},line=${row},col=${column},title=${property(rule)}`;
  return `::${commands[level]} ${place}::${data(`${message}\n${advice}`)}\n`;
}

/** What stands behind the second `::`, escaped as the runner reads it. */
function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
