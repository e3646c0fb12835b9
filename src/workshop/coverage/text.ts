import { lineShare, reasonShare, ruleShare } from './types.ts';
import type { PolicyCoverage, ReasonCoverage, Share } from './types.ts';

/** Coverage for people: a line a file, then the rules that never fired and the reasons that no case expects. */
export function coverageText({ files, rules, reasons }: PolicyCoverage): string {
  const silent = rules.filter(({ by }) => by.length === 0);
  const onlyTests = rules.filter(({ by }) => by.length === 1 && by[0] === 'rego');
  const unexpected = reasons.filter(({ expectedBy }) => expectedBy === 0);
  const width = Math.max(5, ...files.map(({ file }) => file.length));
  const row = (name: string, part: Share, rest: string): string =>
    `${name.padEnd(width)}  ${part.percent.toFixed(1).padStart(5)} %  ${part.covered}/${part.of}${rest}\n`;
  return [
    'Coverage by line\n',
    ...files.map((one) => row(one.file, lineShare([one]), missedText(one.lines))),
    row('all', lineShare(files), ''),
    '\nCoverage by rule\n',
    row('rules that fired', ruleShare(rules), ''),
    ...section(
      'never fired',
      silent.map(({ name, file, row: line }) => `${name} (${file}:${line})`),
    ),
    ...section(
      'fired in Rego tests only',
      onlyTests.map(({ name, file, row: line }) => `${name} (${file}:${line})`),
    ),
    '\nReasons\n',
    row('expected by a case', reasonShare(reasons), ''),
    ...section('never expected by a case', unexpected.map(unexpectedText)),
  ].join('');
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`${title}:\n`, ...lines.map((line) => `  ${line}\n`)];
}

function unexpectedText({ code, givenAt, seenIn, namedByTests }: ReasonCoverage): string {
  const given = givenAt.length > 0 ? `given at ${givenAt.join(', ')}` : 'declared, but given by no rule';
  const seen = seenIn > 0 ? `, came up in ${seenIn} ${seenIn === 1 ? 'case' : 'cases'}` : '';
  const tests = namedByTests.length > 0 ? `, named in ${namedByTests.join(', ')}` : '';
  return `${code}: ${given}${seen}${tests}`;
}

/** Lines that were missed, runs of them together; runs go over lines on which there is nothing to evaluate. */
function missedText(lines: ReadonlyMap<number, boolean>): string {
  const runs: [number, number][] = [];
  let open = false;
  for (const [line, covered] of lines) {
    const last = runs.at(-1);
    if (!covered && open && last) last[1] = line;
    else if (!covered) runs.push([line, line]);
    open = !covered;
  }
  const told = runs.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`));
  return told.length === 0 ? '' : `  missed: ${told.join(', ')}`;
}
