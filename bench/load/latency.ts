import { median, percentile, rounded, say } from '../scale/figures.ts';
import { openLoop, type Timed } from './open-loop.ts';
import type { Measuring } from './rounds.ts';
import { rows, wrongOf } from './rows.ts';

/** How long answers took at a fixed rate of requests; milliseconds, medians over turns. */
export interface Latency {
  readonly server: string;
  readonly rate: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly p99_to_p50: number;
  /** The smallest and the largest p99 of all turns. */
  readonly p99_spread_ms: readonly [number, number];
  /** How late the client itself was in sending, 99th percentile. */
  readonly client_late_p99_ms: number;
  readonly failed: number;
}

/** The servers whose latency is measured. */
export const latencyOf: readonly string[] = ['shipped', 'noop'];

/**
 * Warm requests at half of what one core could answer by the CPU time measured: our server, and the no-op one at the
 * same rate, in turn. What the second shows is the machine's and the client's.
 */
export async function measureLatency(
  measuring: Measuring,
  o: { readonly cpuMicros: number; readonly turns: number; readonly seconds: number },
): Promise<Latency[]> {
  const rate = Math.max(10, Math.floor(0.5e6 / o.cpuMicros));
  const taken = new Map<string, Timed[]>(latencyOf.map((name) => [name, []]));
  const warm = rows.find(({ name }) => name === 'warm');
  if (!warm) throw new Error('there is no row warm');
  for (let turn = 0; turn < o.turns; turn += 1)
    for (const [name, all] of taken) {
      const server = measuring.contestants.get(name);
      if (!server) throw new Error(`${name} does not take part`);
      const asked = { rate, seconds: o.seconds, wrong: wrongOf(warm) };
      all.push(await openLoop(server.client, measuring.maker.warm, asked));
      const { times } = all.at(-1) as Timed;
      say(`bench: ${name} at ${rate}/s: p50 ${ms(percentile(times, 50))}, p99 ${ms(percentile(times, 99))}`);
    }
  return [...taken].map(([server, all]) => summary(server, rate, all));
}

function summary(server: string, rate: number, turns: readonly Timed[]): Latency {
  const over = (percent: number): number[] => turns.map(({ times }) => percentile(times, percent));
  const [p50, p99] = [over(50), over(99)];
  return {
    ...{ server, rate },
    p50_ms: rounded(median(p50)),
    p99_ms: rounded(median(p99)),
    // Of each turn by itself: its own noise is in both.
    p99_to_p50: rounded(median(p99.map((value, turn) => value / (p50[turn] as number)))),
    p99_spread_ms: [rounded(Math.min(...p99)), rounded(Math.max(...p99))],
    client_late_p99_ms: rounded(median(turns.map(({ late }) => percentile(late, 99)))),
    failed: turns.reduce((sum, { failed }) => sum + failed, 0),
  };
}

function ms(value: number): string {
  return `${value.toFixed(2)} ms`;
}
