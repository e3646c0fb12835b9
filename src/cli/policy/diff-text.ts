import type { NamedCounts, Summary } from '../../workshop/diff/summary.ts';
import { fields, plain, table, type Cell, type Paint } from '../output.ts';

/** Devices that are shown to people; all of them are in the JSON. */
const mostShown = 1000;

/** A comparison for people. */
export function diffText(summary: Summary, paint: Paint): string {
  const { old: before, new: after, source, failures } = summary;
  const sections = [
    fields(
      [
        ['OLD', `${before.name} (${before.digest.slice(0, 12)})`],
        ['NEW', `${after.name} (${after.digest.slice(0, 12)})`],
        [source.kind, source.names.join(', ')],
      ],
      paint,
    ),
    countsText(summary, paint),
    ...namedTable('class', summary.by_class, paint),
    ...namedTable('site', summary.by_site, paint),
    ...reasonTable(summary, paint),
    ...deviceTable(summary, paint),
    ...undecidableText(summary, paint),
    ...(source.assumptions.length === 0
      ? []
      : [`taken for granted:\n${source.assumptions.map((one) => `  - ${plain(one)}\n`).join('')}`]),
    ...(failures.length === 0 ? [] : [failures.map((one) => `${paint('bad', plain(one))}\n`).join('')]),
  ];
  return sections.join('\n');
}

function countsText(summary: Summary, paint: Paint): string {
  const flips: readonly Cell[][] = [
    ['compared', summary.compared],
    ['  same', summary.same],
    ['  other reasons', summary.other_reasons],
    ['  other term, entitlements or headers', summary.other_obligations],
    ['  allow → deny (lock-outs)', summary.lock_outs],
    ['  deny → allow', summary.let_ins],
    ['denied before the policy was asked', summary.not_asked],
    ['undecidable', summary.undecidable],
  ];
  const head = summary.source.sampled ? 'connections, scaled from a sample' : 'connections';
  return table(['', head], flips, paint) + deniedByBoth(summary) + notEnforced(summary);
}

function deniedByBoth({ denied_by_both: count }: Summary): string {
  return count === 0 ? '' : `${count} of those that do not flip are denied by both\n`;
}

function notEnforced({ not_enforced: count }: Summary): string {
  return count === 0 ? '' : `${count} of the flips concern denials that the configuration does not enforce\n`;
}

function namedTable(what: string, rows: readonly NamedCounts[], paint: Paint): readonly string[] {
  const flipping = rows.filter((row) => row.lock_outs + row.let_ins > 0);
  if (flipping.length === 0) return [];
  const cells = flipping.map((row) => [row.name, row.compared, row.lock_outs, row.let_ins]);
  return [table([what, 'compared', 'lock-outs', 'let in'], cells, paint)];
}

function reasonTable({ by_reason: rows }: Summary, paint: Paint): readonly string[] {
  if (rows.length === 0) return [];
  const cells = rows.map((row) => [row.reason, row.lock_outs, row.let_ins]);
  return [table(['reason', 'lock-outs', 'let in'], cells, paint)];
}

function deviceTable({ devices }: Summary, paint: Paint): readonly string[] {
  if (devices.count === 0) return [];
  if (!devices.listed) {
    const flip = devices.count === 1 ? '1 device flips' : `${devices.count} devices flip`;
    return [`${flip}; --devices lists ${devices.count === 1 ? 'it' : 'them'}\n`];
  }
  const cells = devices.listed
    .slice(0, mostShown)
    .map((one) => [
      one.device_id,
      one.class,
      one.site,
      one.direction === 'lock_out'
        ? { text: 'allow → deny', tone: 'bad' as const }
        : { text: 'deny → allow', tone: 'warn' as const },
      one.reason,
      one.when,
      one.ref,
    ]);
  const rest = devices.count - cells.length;
  const more = rest > 0 ? `and ${rest} more, with --json\n` : '';
  const out = devices.left_out > 0 ? `${devices.left_out} flips are of devices beyond those listed\n` : '';
  return [table(['device', 'class', 'site', 'flips', 'reason', 'last', 'by'], cells, paint) + more + out];
}

function undecidableText({ because }: Summary, paint: Paint): readonly string[] {
  if (because.length === 0) return [];
  return [
    table(
      ['undecidable because', 'connections'],
      because.map(({ why, count }) => [why, count]),
      paint,
    ),
  ];
}
