import { median, percentile, publish, rounded } from './figures.ts';

/** One turn: how long calls took at rest and while something else was done (ms), and what else is told of it. */
export interface Turn {
  readonly rest: readonly number[];
  readonly busy: readonly number[];
  readonly told: object;
}

/** What is compared: `work` names what was done meanwhile. */
export interface Besides {
  readonly name: string;
  readonly command: string;
  readonly work: string;
  readonly goal: number;
  readonly failed: number;
}

/** Publishes the ratio of the medians of all p99, during the work and at rest; a failed call misses the goal too. */
export function publishBeside({ name, command, work, goal, failed }: Besides, turns: readonly Turn[]): void {
  const over = (of: 'rest' | 'busy', percent: number): number =>
    median(turns.map((turn) => percentile(turn[of], percent)));
  const figures = (of: 'rest' | 'busy'): object => ({
    p50: rounded(over(of, 50)),
    p99: rounded(over(of, 99)),
  });
  const ratio = rounded(over('busy', 99) / over('rest', 99));
  const result = {
    unit: 'ms',
    at_rest: figures('rest'),
    [work]: figures('busy'),
    ratio_p99: ratio,
    rounds: turns.map(({ rest, busy, told }) => ({
      rest_p99: rounded(percentile(rest, 99)),
      [`${work}_p99`]: rounded(percentile(busy, 99)),
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
