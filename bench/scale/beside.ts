import { median, percentile, publish, rounded } from './figures.ts';

/** One turn: how long calls took at rest and while something else was done (ms), and what else is told of it. */
export interface Turn {
  readonly rest: readonly number[];
  readonly busy: readonly number[];
  /** The same beside other work of a like amount, which the server knows nothing of: what the machine alone makes of it. */
  readonly control?: readonly number[];
  readonly told: object;
}

/** What is compared: `work` names what was done meanwhile. */
export interface Besides {
  readonly name: string;
  readonly command: string;
  readonly work: string;
  /** How much was run: what goals are about. */
  readonly sizes: Readonly<Record<'rate' | 'seconds' | 'devices', number>> & Readonly<Record<string, number>>;
  readonly goal: number;
  readonly failed: number;
}

/** Publishes the ratio of the medians of all p99, during the work and at rest; a failed call misses the goal too. */
export function publishBeside(
  { name, command, work, sizes, goal, failed }: Besides,
  turns: readonly Turn[],
): void {
  type Stretch = 'rest' | 'busy' | 'control';
  const over = (of: Stretch, percent: number): number =>
    median(turns.map((turn) => percentile(turn[of] ?? [], percent)));
  const figures = (of: Stretch): object => ({
    p50: rounded(over(of, 50)),
    p99: rounded(over(of, 99)),
  });
  const ratio = rounded(over('busy', 99) / over('rest', 99));
  const result = {
    ...sizes,
    unit: 'ms',
    at_rest: figures('rest'),
    [work]: figures('busy'),
    ratio_p99: ratio,
    ...(turns.every(({ control }) => control) && {
      control: figures('control'),
      control_ratio_p99: rounded(over('control', 99) / over('rest', 99)),
    }),
    rounds: turns.map(({ rest, busy, control, told }) => ({
      rest_p99: rounded(percentile(rest, 99)),
      [`${work}_p99`]: rounded(percentile(busy, 99)),
      ...(control && { control_p99: rounded(percentile(control, 99)) }),
      calls: { rest: rest.length, [work]: busy.length },
      ...told,
    })),
    failed_calls: failed,
    goal,
  };
  publish(name, command, result, [
    ...(ratio > goal ? ['ratio_p99'] : []),
    ...(failed > 0 ? ['failed_calls'] : []),
  ]);
}
