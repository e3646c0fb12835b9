import type { RowFigures } from '../load/report.ts';
import { median, rounded } from '../scale/figures.ts';
import { ofFile, type Figure, type FileFigure, type Need } from './of-file.ts';
import { readLoad, readResult, type LoadResult, type Results } from './results.ts';

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

interface Goal {
  readonly title: string;
  readonly limit: number;
  readonly direction: '≤' | '≥';
  readonly figure: (results: Results) => Figure;
}

const million = 1_000_000;
/** A median of fewer says little. */
const fewestRounds = 5;
/** Milliseconds (p99): a client that is later than that measures itself and its machine. */
const latestClient = 2;
/** Megabytes that one process may have of its own. */
const mostMemory = 300;
/** Times were those that ship, not longer ones for a machine that is shared. */
const unstretched: Need = ['stretch', '=', 1];

const muchState: Pick<FileFigure, 'name' | 'needs'> = {
  name: 'state',
  needs: [
    ['devices', '≥', 10 * million],
    ['revoked', '≥', 10 * million],
    ['rounds', '≥', fewestRounds],
  ],
};
/** A p99 of less would be that of a few calls. */
const beside: readonly Need[] = [
  ['rounds.length', '≥', fewestRounds],
  ['rate', '≥', 200],
  ['seconds', '≥', 10],
  ['devices', '≥', 1000],
];
const reconnecting: Pick<FileFigure, 'name' | 'needs'> = {
  name: 'reconnect',
  needs: [['devices', '≥', 100_000], ['seconds', '≤', 30], ['timeout_ms', '≤', 1000], unstretched],
};
const recording: Pick<FileFigure, 'name' | 'needs'> = {
  name: 'audit',
  needs: [
    ['rounds', '≥', fewestRounds],
    ['calls', '≥', 4000],
  ],
};

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
    figure: (results) => ofRounds(results, 'bare', 'warm', (bare, warm) => 1 - bare / warm),
  },
  {
    ...{ title: 'warm, 10 million devices and 10 million revoked ÷ 1 thousand', direction: '≤', limit: 1.3 },
    figure: inFile({ ...muchState, path: 'ratio_to_small.warm', missed: 'warm' }),
  },
  {
    ...{ title: 'from start to ready with them, ms', direction: '≤', limit: 2000 },
    figure: inFile({ ...muchState, path: 'ready_ms.large.median', missed: 'ready_ms' }),
  },
  {
    ...{ title: 'RssAnon of the largest process with them, MB', direction: '≤', limit: mostMemory },
    figure: inFile({ ...muchState, path: 'anonymous_mb.large', missed: 'anonymous_mb' }),
  },
  {
    ...{ title: 'decisions per CPU second, two workers ÷ one', direction: '≥', limit: 0.9 },
    figure: (results) => ofRounds(results, 'warm', 'two', (one, two) => one / two),
  },
  { title: 'the same of the faster worker ÷ the slower', direction: '≤', limit: 1.1, figure: evenness },
  { title: 'latency at half load, p99 ÷ p50', direction: '≤', limit: 4, figure: latency },
  {
    ...{ title: 'p99 while applying a CRL of a million entries ÷ at rest', direction: '≤', limit: 2 },
    figure: inFile({ name: 'during', path: 'ratio_p99', needs: [['entries', '≥', million], ...beside] }),
  },
  {
    ...{ title: 'p99 while importing a million rows ÷ at rest', direction: '≤', limit: 2 },
    figure: inFile({
      ...{ name: 'during-import', path: 'ratio_p99', needs: [['entries', '≥', million], ...beside] },
    }),
  },
  {
    ...{ title: 'p99 while putting a bundle in force ÷ at rest', direction: '≤', limit: 2 },
    figure: inFile({ name: 'swap', path: 'ratio_p99', needs: [['swaps', '≥', 10], ...beside] }),
  },
  ...(['overload', 'overload-envoy'] as const).flatMap(overloaded),
  {
    ...{ title: 'goodput of a PEP at a tenth of capacity beside one that offers five times', direction: '≥' },
    ...{
      limit: 0.95,
      figure: inFile({
        ...{ name: 'fair', path: 'small.goodput', missed: 'goodput' },
        needs: [['seconds', '≥', 30], ['times', '≥', 5], ['share', '=', 0.1], unstretched],
      }),
    },
  },
  {
    ...{ title: 'share of 100,000 new certificates let in at once, in 30 s', direction: '≥', limit: 1 },
    figure: inFile({ ...reconnecting, path: 'let_in_at_once' }),
  },
  {
    ...{ title: 'the same within two minutes, whoever was shed trying again', direction: '≥', limit: 1 },
    figure: inFile({ ...reconnecting, path: 'let_in' }),
  },
  {
    ...{ title: 'of them denied, all wrongly', direction: '≤', limit: 0 },
    figure: inFile({ ...reconnecting, path: 'fates.denied', missed: 'denied' }),
  },
  {
    ...{ title: 'CPU time with relaxed records ÷ without', direction: '≤', limit: 1.12 },
    figure: inFile({ ...recording, path: 'relaxed_cpu_to_none' }),
  },
  {
    ...{ title: 'CPU time with strict records ÷ without', direction: '≤', limit: 1.2 },
    figure: inFile({ ...recording, path: 'strict_cpu_to_none' }),
  },
  {
    ...{ title: 'p99 with strict records ÷ with relaxed', direction: '≤', limit: 2 },
    figure: inFile({ ...recording, path: 'strict_p99_to_relaxed' }),
  },
];

/** What clients get that want three times the peak, and what becomes of the server. */
function overloaded(name: 'overload' | 'overload-envoy'): readonly Goal[] {
  const through = name === 'overload' ? '' : ', through Envoy';
  const needs: readonly Need[] = [['seconds', '≥', 60], ['times', '≥', 3], unstretched];
  const figure = (path: string, missed: string): Goal['figure'] => inFile({ name, path, needs, missed });
  return [
    {
      ...{ title: `goodput at three times the peak ÷ peak${through}`, direction: '≥', limit: 0.8 },
      figure: figure('goodput_of_peak', 'goodput'),
    },
    {
      ...{ title: `allowed of half the peak from two seconds after it on${through}`, direction: '≥' },
      ...{ limit: 0.95, figure: figure('after.after_two_seconds_of_wanted', 'normal_again') },
    },
    {
      ...{ title: `RssAnon of the largest worker in all of it, MB${through}`, direction: '≤' },
      ...{ limit: mostMemory, figure: figure('largest_worker_mb', 'memory') },
    },
    {
      ...{ title: `denied in all of it, but for what was shed${through}`, direction: '≤', limit: 0 },
      figure: figure('denied', 'denied'),
    },
  ];
}

/** All goals with what the files of results say of them. */
export function judgeGoals(results: Results = readResult): Judged[] {
  return goals.map(({ title, limit, direction, figure }) => {
    const goal = `${direction} ${limit}`;
    const found = figure(results);
    if (found.value === undefined) return { title, goal, verdict: 'not run', why: found.why };
    const { value, small, failed, missed } = found;
    const within = direction === '≤' ? value <= limit : value >= limit;
    const judged = { title, goal, measured: rounded(value) };
    const why = failed ?? (within && missed ? 'the run itself says so' : small);
    if (!within || failed || missed) return { ...judged, verdict: 'missed', ...(why && { why }) };
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
  return { title, direction, limit, figure: (results) => ofRounds(results, over, under, (a, b) => a / b) };
}

function inFile(figure: FileFigure): Goal['figure'] {
  return (results) => ofFile(results, figure);
}

/** The median of what two rows of one round give: they ran beside each other. */
function ofRounds(
  results: Results,
  one: string,
  other: string,
  of: (one: number, other: number) => number,
): Figure {
  const load = readLoad(results);
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

function evenness(results: Results): Figure {
  const load = readLoad(results);
  const each = load && rowOf(load, 'two')?.workers_us;
  if (each?.length !== 2) return { why: 'bench/load/run.ts was not run' };
  const value = Math.max(...each) / Math.min(...each);
  return load && load.rounds < fewestRounds ? { value, small: `${load.rounds} rounds only` } : { value };
}

function latency(results: Results): Figure {
  const found = readLoad(results)?.latency.find(({ server }) => server === 'shipped');
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
