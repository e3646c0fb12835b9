import { ruleIds } from './rules.ts';
import type { RuleId } from './rules.ts';
import type { CheckedModule } from './parse-modules.ts';
import type { CheckFinding } from './types.ts';

/** `# portreeve ignore: rule, rule: why`, on the line of the finding or the one above. */
const comment = /#\s*portreeve ignore:\s*([a-z-]+(?:\s*,\s*[a-z-]+)*)\s*(?::\s*(.*\S))?\s*$/;

interface Ignore {
  readonly file: string;
  readonly row: number;
  readonly rules: readonly string[];
  readonly why: string | undefined;
}

/**
 * Takes out what comments ignore. A comment that gives no reason, names no rule that there is, or ignores nothing, is a
 * finding itself. What `opa` says is never ignored: its own compiler would refuse it all the same.
 */
export function withoutIgnored(
  findings: readonly CheckFinding[],
  modules: readonly CheckedModule[],
): readonly CheckFinding[] {
  const ignores = modules.flatMap(ignoresIn);
  const used = new Set<Ignore>();
  const left = findings.filter((finding) => {
    const by = ignores.find((ignore) => covers(ignore, finding));
    if (by) used.add(by);
    return by === undefined;
  });
  return [...left, ...ignores.flatMap((ignore) => problemsOf(ignore, used.has(ignore)))];
}

function ignoresIn({ file, lines }: CheckedModule): readonly Ignore[] {
  return lines.flatMap((line, index) => {
    const found = comment.exec(line);
    if (!found) return [];
    const rules = (found[1] ?? '').split(',').map((rule) => rule.trim());
    return [{ file, row: index + 1, rules, why: found[2] }];
  });
}

function covers({ file, row, rules, why }: Ignore, finding: CheckFinding): boolean {
  const near = finding.row === row || finding.row === row + 1;
  return (
    why !== undefined &&
    finding.rule !== 'opa' &&
    file === finding.file &&
    near &&
    rules.includes(finding.rule)
  );
}

function problemsOf({ file, row, rules, why }: Ignore, used: boolean): readonly CheckFinding[] {
  const unknown = rules.filter((rule) => !ruleIds.includes(rule as RuleId));
  const problem = (message: string, advice: string): CheckFinding => ({
    ...{ rule: 'ignore-without-reason', level: 'error', file, row, column: 1, message, advice },
  });
  if (unknown.length > 0)
    return [problem(`there is no rule ${unknown.join(', ')} to ignore`, `rules are ${ruleIds.join(', ')}`)];
  if (why === undefined)
    return [problem('a finding is ignored without a reason', 'say why: # portreeve ignore: <rule>: <why>')];
  return used ? [] : [problem('this comment ignores nothing', 'take it out')];
}
