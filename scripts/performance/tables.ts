import { judgeGoals } from '../../bench/goals/goals.ts';
import { numberAt, readResult, type LoadResult } from '../../bench/goals/results.ts';
import { circumstancesOf } from './circumstances.ts';
import { others } from './others.ts';

/** What each goal came to. */
export function goalsTable(): string {
  const rows = judgeGoals().map(({ title, goal, measured, verdict, why }) => {
    const told = verdict === 'missed' ? '**missed**' : verdict;
    return [title, goal, measured?.toFixed(2) ?? '–', why === undefined ? told : `${told}: ${why}`];
  });
  return table(['goal', 'at', 'measured', 'which is'], rows);
}

/** CPU time a decision of each row. */
export function loadTable({ rows }: LoadResult): string {
  const cells = rows.map((row) => {
    if (row.missing !== undefined) return [row.title, 'not run', row.missing, '', ''];
    const failed = row.failed ? ` (**${row.failed} failed or wrong**)` : '';
    const spread = row.spread_us?.map((value) => value.toFixed(0)).join(' to ') ?? '';
    const ratios = [row.to_noop, row.to_warm].map((ratio) => ratio?.toFixed(2) ?? '–');
    return [`${row.title}${failed}`, `${row.cpu_us?.toFixed(0)} µs`, spread, ...ratios];
  });
  return table(['', 'CPU a decision', 'quartiles of rounds', '÷ no-op', '÷ warm'], cells);
}

/** How long answers took at a fixed rate. */
export function latencyTable({ latency }: LoadResult): string {
  const cells = latency.map((one) => [
    `${one.server === 'shipped' ? 'ours, warm' : 'no-op'}${one.failed ? ` (**${one.failed} failed or wrong**)` : ''}`,
    `${one.rate} a second`,
    `${one.p50_ms} ms`,
    `${one.p99_ms} ms (${one.p99_spread_ms.join(' to ')})`,
    one.p99_to_p50.toFixed(2),
    `${one.client_late_p99_ms} ms`,
  ]);
  return table(
    ['', 'requests', 'p50', 'p99 (of turns)', 'p99 ÷ p50', 'p99 of how late the client sent'],
    cells,
  );
}

/** Figures of the other benchmarks, as far as there are results. */
export function othersTable(): string {
  const cells = others.flatMap(({ name, what, figures }) => {
    const result = readResult(name);
    if (!result) return [];
    const told = figures.flatMap(([label, path, unit]) => {
      const value = numberAt(result, path);
      return value === undefined
        ? []
        : [`${label} ${value.toLocaleString('en')}${unit === '' ? '' : ` ${unit}`}`];
    });
    const names = Array.isArray(result.missed) ? (result.missed as string[]) : [];
    const missed = names.length === 0 ? '' : `; **missed**: ${names.join(', ')}`;
    return [[`${what}${missed}`, told.join(', '), `\`${result.command}\``, circumstancesOf(result)]];
  });
  return table(['what', 'figures', 'command', 'commit and load'], cells);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
