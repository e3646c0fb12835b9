import type { RowFigures } from '../load/report.ts';
import { median, rounded } from '../scale/figures.ts';
import { numberAt, optionOf, readLoad, readResult, type LoadResult } from './results.ts';

/** What a goal came to. */
export interface Judged {
  readonly title: string;
  readonly goal: string;
  /** Absent where it was not run. */
  readonly measured?: number;
  readonly verdict: 'reached' | 'missed' | 'not run';
  /** Why it was not run, or does not count in full. */
  readonly why?: string;
}

/** A figure, or why there is none; `small` is why it does not show yet that a goal is reached, `failed` that it is not. */
type Figure =
  | { readonly value: number; readonly small?: string; readonly failed?: string }
  | { readonly value?: never; readonly why: string };

interface Goal {
  readonly title: string;
  readonly limit: number;
  readonly direction: '≤' | '≥';
  readonly figure: () => Figure;
}

const million = 1_000_000;
/** A median of fewer says little. */
const fewestRounds = 5;
/** Milliseconds (p99): a client that is later than that measures itself and its machine. */
const latestClient = 2;

const goals: readonly Goal[] = [
  ratio('warm, records in a plain file, no collector ÷ no-op grpc-js', '≤', 2.5, 'plain', 'noop'),
  ratio('warm without a collector ÷ no-op grpc-js', '≤', 2.5, 'untraced', 'noop'),
  ratio('warm ÷ no-op grpc-js', '≤', 1.5, 'warm', 'noop'),
  ratio('warm ÷ the Go server', '≤', 0.8, 'warm', 'go'),
  ratio('opa-envoy-plugin, same work ÷ warm', '≥', 7, 'opa', 'warm'),
  ratio('cold ÷ the Go server', '≤', 1.5, 'cold', 'go'),
  ratio('opa-envoy-plugin, same work ÷ cold', '≥', 3, 'opa', 'cold'),
  ratio('batch of 64 ÷ unary, a decision', '≤', 0.4, 'batch', 'decide'),
  {
    ...{ title: 'telemetry and record together, share of warm', direction: '≤', limit: 0.25 },
    figure: () => ofRounds('bare', 'warm', (bare, warm) => 1 - bare / warm),
  },
  {
    ...{ title: 'warm, 10 million devices and 10 million revoked ÷ 1 thousand', direction: '≤', limit: 1.3 },
    figure: () =>
      ofFile('state', 'ratio_to_small.warm', [
        ['devices', 10 * million],
        ['revoked', 10 * million],
      ]),
  },
  {
    ...{ title: 'decisions per CPU second, two workers ÷ one', direction: '≥', limit: 0.9 },
    figure: () => ofRounds('warm', 'two', (one, two) => one / two),
  },
  { title: 'the same of the faster worker ÷ the slower', direction: '≤', limit: 1.1, figure: evenness },
  { title: 'latency at half load, p99 ÷ p50', direction: '≤', limit: 4, figure: latency },
  {
    ...{ title: 'p99 while applying a CRL of a million entries ÷ at rest', direction: '≤', limit: 2 },
    figure: () => ofFile('during', 'ratio_p99', [['entries', million]]),
  },
  {
    ...{ title: 'p99 while importing a million rows ÷ at rest', direction: '≤', limit: 2 },
    figure: () => ofFile('during-import', 'ratio_p99', [['entries', million]]),
  },
  {
    ...{ title: 'p99 while putting a bundle in force ÷ at rest', direction: '≤', limit: 2 },
    figure: () => ofFile('swap', 'ratio_p99', []),
  },
  ...(['overload', 'overload-envoy'] as const).map((name): Goal => {
    const through = name === 'overload' ? '' : ', through Envoy';
    return {
      ...{ title: `goodput at three times the peak ÷ peak${through}`, direction: '≥', limit: 0.8 },
      figure: () => ofFile(name, 'goodput_of_peak', []),
    };
  }),
  {
    ...{ title: 'goodput of a PEP at a tenth of capacity beside one that offers five times', direction: '≥' },
    ...{ limit: 0.95, figure: () => ofFile('fair', 'small.goodput', []) },
  },
  {
    ...{ title: 'share of 100,000 new certificates let in, in 30 s', direction: '≥', limit: 1 },
    figure: () => ofFile('reconnect', 'let_in', []),
  },
  {
    ...{ title: 'CPU time with relaxed records ÷ without', direction: '≤', limit: 1.12 },
    figure: () => ofFile('audit', 'relaxed_cpu_to_none', []),
  },
  {
    ...{ title: 'CPU time with strict records ÷ without', direction: '≤', limit: 1.2 },
    figure: () => ofFile('audit', 'strict_cpu_to_none', []),
  },
  {
    ...{ title: 'p99 with strict records ÷ with relaxed', direction: '≤', limit: 2 },
    figure: () => ofFile('audit', 'strict_p99_to_relaxed', []),
  },
];

/** All goals with what the files of results say of them. */
export function judgeGoals(): Judged[] {
  return goals.map(({ title, limit, direction, figure }) => {
    const goal = `${direction} ${limit}`;
    const found = figure();
    if (found.value === undefined) return { title, goal, verdict: 'not run', why: found.why };
    const { value, small, failed } = found;
    const within = direction === '≤' ? value <= limit : value >= limit;
    const judged = { title, goal, measured: rounded(value) };
    if (!within || failed)
      return { ...judged, verdict: 'missed', ...((failed ?? small) && { why: failed ?? small }) };
    return small ? { ...judged, verdict: 'not run', why: small } : { ...judged, verdict: 'reached' };
  });
}

function ratio(
  title: string,
  direction: Goal['direction'],
  limit: number,
  over: string,
  under: string,
): Goal {
  return { title, direction, limit, figure: () => ofRounds(over, under, (a, b) => a / b) };
}

/** The median of what two rows of one round give: they ran beside each other. */
function ofRounds(one: string, other: string, of: (one: number, other: number) => number): Figure {
  const load = readLoad();
  if (!load) return { why: 'bench/load/run.ts was not run' };
  const [a, b] = [rowOf(load, one), rowOf(load, other)];
  const missing = [a, b].find((row) => !row?.rounds_us);
  if (!a?.rounds_us || !b?.rounds_us) return { why: missing?.missing ?? 'not among the rows' };
  const beside = b.rounds_us;
  const value = median(a.rounds_us.map((micros, round) => of(micros, beside[round] ?? Number.NaN)));
  const failed = (a.failed ?? 0) + (b.failed ?? 0);
  const few = load.rounds < fewestRounds && { small: `${load.rounds} rounds only` };
  return { value, ...few, ...(failed > 0 && { failed: `${failed} failed or wrong` }) };
}

function rowOf(load: LoadResult, name: string): RowFigures | undefined {
  return load.rows.find((row) => row.name === name);
}

function evenness(): Figure {
  const load = readLoad();
  const each = load && rowOf(load, 'two')?.workers_us;
  if (each?.length !== 2) return { why: 'bench/load/run.ts was not run' };
  const value = Math.max(...each) / Math.min(...each);
  return load && load.rounds < fewestRounds ? { value, small: `${load.rounds} rounds only` } : { value };
}

function latency(): Figure {
  const found = readLoad()?.latency.find(({ server }) => server === 'shipped');
  if (!found) return { why: 'bench/load/run.ts was not run' };
  const late = found.client_late_p99_ms > latestClient && {
    small: `the client itself was late by ${found.client_late_p99_ms} ms`,
  };
  return {
    value: found.p99_to_p50,
    ...late,
    ...(found.failed > 0 && { failed: `${found.failed} failed or wrong` }),
  };
}

/** A figure of another benchmark; what it was run with may be less than the goal is about. */
function ofFile(name: string, path: string, sizes: readonly (readonly [string, number])[]): Figure {
  const result = readResult(name);
  const value = numberAt(result, path);
  if (!result || value === undefined) return { why: `there is no bench/results/${name}.json` };
  const small = sizes.filter(([option, size]) => optionOf(result.command, option) < size);
  const failed = numberAt(result, 'failed_calls') ?? 0;
  return {
    value,
    ...(small.length > 0 && {
      small: small
        .map(([option]) => `at ${optionOf(result.command, option).toLocaleString('en')} ${option} only`)
        .join(', '),
    }),
    ...(failed > 0 && { failed: `${failed} failed calls` }),
  };
}
