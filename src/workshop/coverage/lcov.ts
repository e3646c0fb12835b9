import type { PolicyCoverage } from './types.ts';

/**
 * Coverage as a tracefile of LCOV (geninfo(1)), rules being its functions. Whether something was evaluated is known, not
 * how often: counts are 0 or 1. A rule with several clauses has one function for each, named with its line.
 */
export function lcovText({ files, rules }: PolicyCoverage): string {
  return files
    .map(({ file, lines }) => {
      const own = rules.filter((rule) => rule.file === file);
      const fired = own.filter(({ by }) => by.length > 0);
      const named = own.map((rule) => ({ ...rule, function: `${rule.name}:${rule.row}` }));
      const hit = [...lines.values()].filter((covered) => covered).length;
      return [
        'TN:',
        `SF:${file}`,
        ...named.map((rule) => `FN:${rule.row},${rule.function}`),
        ...named.map((rule) => `FNDA:${rule.by.length > 0 ? 1 : 0},${rule.function}`),
        `FNF:${own.length}`,
        `FNH:${fired.length}`,
        ...[...lines].map(([line, covered]) => `DA:${line},${covered ? 1 : 0}`),
        `LF:${lines.size}`,
        `LH:${hit}`,
        'end_of_record\n',
      ].join('\n');
    })
    .join('');
}
