import { median, percentile, rounded } from '../scale/figures.ts';
import type { Samples } from './rounds.ts';

/** A row of the table as it is kept. */
export interface RowFigures {
  readonly name: string;
  readonly title: string;
  /** Why it was not run; nothing else is then there. */
  readonly missing?: string;
  /** µs of CPU a decision, all processes of the server; median, and the quartiles of all rounds. */
  readonly cpu_us?: number;
  readonly spread_us?: readonly [number, number];
  /** ÷ the no-op server, and ÷ warm: the median of the rounds' own ratios. */
  readonly to_noop?: number;
  readonly to_warm?: number;
  /** Of each worker alone, for each decision that it made itself. */
  readonly workers_us?: readonly number[];
  /** Of each round, which the same place of other rows ran beside. */
  readonly rounds_us?: readonly number[];
  readonly decisions?: number;
  /** Decisions that were not answered, or not as they must be. */
  readonly failed?: number;
}

export function rowFigures(samples: Samples, all: readonly Samples[]): RowFigures {
  const { row, cpu, workers, decisions, failed } = samples;
  const to = (name: string): number | undefined =>
    ratio(
      samples,
      all.find(({ row }) => row.name === name),
    );
  const [toNoop, toWarm] = [to('noop'), to('warm')];
  return {
    ...{ name: row.name, title: row.title },
    cpu_us: rounded(median(cpu), 1),
    spread_us: [rounded(percentile(cpu, 25), 1), rounded(percentile(cpu, 75), 1)],
    ...(toNoop !== undefined && { to_noop: toNoop }),
    ...(toWarm !== undefined && { to_warm: toWarm }),
    ...(workers[0]?.length && {
      workers_us: workers[0].map((_, place) => rounded(median(workers.map((round) => round[place] ?? 0)), 1)),
    }),
    rounds_us: cpu.map((value) => rounded(value, 1)),
    decisions: decisions * cpu.length,
    failed,
  };
}

/** The median over rounds of what ran next to each other. */
function ratio(a: Samples, b: Samples | undefined): number | undefined {
  if (!b) return undefined;
  return rounded(median(a.cpu.map((value, round) => value / (b.cpu[round] as number))));
}

/** The table as text. */
export function tableOf(rows: readonly RowFigures[]): string {
  const lines = rows.map((row) => {
    if (row.missing !== undefined) return `  ${row.title.padEnd(40)} NOT RUN: ${row.missing}`;
    const cells = [
      `${row.cpu_us?.toFixed(1)} µs`.padStart(10),
      `${row.spread_us?.map((value) => value.toFixed(0)).join('–')}`.padStart(11),
      (row.to_noop?.toFixed(2) ?? '–').padStart(8),
      (row.to_warm?.toFixed(2) ?? '–').padStart(8),
    ];
    const failed = row.failed ? `  ${row.failed} FAILED OR WRONG` : '';
    return `  ${row.title.padEnd(40)}${cells.join('')}${failed}`;
  });
  const head = `  ${'CPU of all processes, a decision'.padEnd(40)}${'median'.padStart(10)}${'quartiles'.padStart(11)}${'÷ no-op'.padStart(8)}${'÷ warm'.padStart(8)}`;
  return [head, ...lines, ''].join('\n');
}
