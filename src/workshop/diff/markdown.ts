import type { NamedCounts, Summary } from './summary.ts';

/** Devices that a comment lists; the rest is a number. */
const mostListed = 50;
/** Rows of a table in a comment. */
const mostRows = 20;

/** The summary as a comment for a pull request, in GitHub's and GitLab's dialect. */
export function markdownOf(summary: Summary): string {
  const parts = [
    headline(summary),
    table(
      ['', 'connections'],
      [
        ['compared', count(summary.compared)],
        ['allow → deny (lock-outs)', bold(summary.lock_outs)],
        ['deny → allow', bold(summary.let_ins)],
        ['same outcome, other reasons', count(summary.other_reasons)],
        ['allowed by both, other term, entitlements or headers', count(summary.other_obligations)],
        ['denied by both', count(summary.denied_by_both)],
        ['denied before the policy is asked', count(summary.not_asked)],
        ['**undecidable**', count(summary.undecidable)],
      ],
    ),
    named('class', summary.by_class),
    named('site', summary.by_site),
    reasons(summary),
    devices(summary),
    notes(summary),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function headline({ failures, flips, undecidable, old, new: next, source }: Summary): string {
  const sign = failures.length > 0 ? '❌' : flips + undecidable > 0 ? '⚠️' : '✅';
  const what =
    flips === 0
      ? 'no connection flips'
      : flips === 1
        ? '1 connection flips'
        : `${count(flips)} connections flip`;
  const unknown = undecidable > 0 ? `, ${count(undecidable)} undecidable` : '';
  const from = source.kind === 'store' ? 'devices of the inventory' : source.kind;
  return [
    `### ${sign} Policy change: ${what}${unknown}`,
    '',
    `From ${code(old.name)} (${code(old.digest.slice(0, 12))}) to ${code(next.name)} (${code(next.digest.slice(0, 12))}), by ${from}${source.sampled ? ', scaled from a sample' : ''}.`,
    ...failures.map((failure) => `\n**${text(failure)}**`),
  ].join('\n');
}

function named(what: string, rows: readonly NamedCounts[]): string {
  const flipping = rows.filter((row) => row.lock_outs + row.let_ins > 0);
  if (flipping.length === 0) return '';
  return table(
    [what, 'compared', 'lock-outs', 'let in'],
    flipping
      .slice(0, mostRows)
      .map((row) => [text(row.name ?? '-'), count(row.compared), count(row.lock_outs), count(row.let_ins)]),
    flipping.length - mostRows,
  );
}

function reasons({ by_reason: rows }: Summary): string {
  if (rows.length === 0) return '';
  return table(
    ['reason', 'lock-outs', 'let in'],
    rows.slice(0, mostRows).map((row) => [code(row.reason), count(row.lock_outs), count(row.let_ins)]),
    rows.length - mostRows,
  );
}

function devices({ devices: { count: number, left_out: leftOut, listed } }: Summary): string {
  if (!listed || number === 0) return '';
  const rows = listed
    .slice(0, mostListed)
    .map((one) => [
      code(one.device_id ?? '-'),
      text(one.class ?? '-'),
      one.direction === 'lock_out' ? 'locked out' : 'let in',
      code(one.reason),
    ]);
  const title = `${count(number)}${leftOut > 0 ? ' or more' : ''} ${number === 1 ? 'device' : 'devices'}`;
  return `<details><summary>${title}</summary>\n\n${table(['device', 'class', '', 'reason'], rows, number - mostListed)}\n\n</details>`;
}

function notes({ because, source }: Summary): string {
  return [
    ...because.map(({ why, count: number }) => `- undecidable: ${text(why)} (${count(number)})`),
    ...source.assumptions.map((one) => `- ${text(one)}`),
  ].join('\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[], more = 0): string {
  const lines = [head, head.map((_, column) => (column === 0 ? '---' : '---:')), ...rows];
  const rest = more > 0 ? `\n\n… and ${count(more)} more` : '';
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n') + rest;
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}

function bold(value: number): string {
  return value === 0 ? '0' : `**${count(value)}**`;
}

/** Text from outside: nothing in it is markup, ends a cell, or calls somebody. */
function text(value: string): string {
  return value
    .replaceAll(/[\p{C}\u2028\u2029]/gu, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll(/[\\`*_{}[\]()#+!|~>@]/g, (mark) => `&#${mark.charCodeAt(0)};`);
}

function code(value: string): string {
  return `<code>${text(value)}</code>`;
}
