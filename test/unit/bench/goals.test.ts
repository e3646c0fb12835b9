import test from 'ava';
import { judgeGoals } from '../../../bench/goals/goals.ts';
import type { Judged } from '../../../bench/goals/goals.ts';
import type { Result } from '../../../bench/goals/results.ts';

const circumstances = { command: 'node bench/some.ts', commit: 'c0ffee1', node: 'v26', machine: '2 ×' };
const million = 1_000_000;

/** Runs at the sizes that goals are about, with figures that reach them. */
const whole: Readonly<Record<string, object>> = {
  reconnect: {
    ...{ devices: 100_000, seconds: 30, timeout_ms: 1000, stretch: 1 },
    ...{ let_in_at_once: 1, let_in: 1, fates: { denied: 0 }, missed: [] },
  },
  overload: {
    ...{ seconds: 60, times: 3, stretch: 1, goodput_of_peak: 0.9, largest_worker_mb: 240, denied: 0 },
    ...{ after: { after_two_seconds_of_wanted: 1 }, missed: [] },
  },
  fair: { seconds: 30, times: 5, share: 0.1, stretch: 1, small: { goodput: 0.99 }, missed: [] },
  swap: {
    ...{ swaps: 10, rate: 200, seconds: 10, devices: 1000, rounds: [{}, {}, {}, {}, {}] },
    ...{ ratio_p99: 1.5, failed_calls: 0, missed: [] },
  },
  state: {
    ...{ devices: 10 * million, revoked: 10 * million, rounds: 10, ratio_to_small: { warm: 1.1 } },
    ...{ ready_ms: { large: { median: 1214 } }, anonymous_mb: { large: [214, 257, 39] }, missed: [] },
  },
};

/** What goals come to by one file alone: those that it says something of. */
function judged(name: string, changes: object = {}): readonly Judged[] {
  const file = { ...circumstances, ...whole[name], ...changes } as Result;
  return judgeGoals((asked) => (asked === name ? file : undefined)).filter(
    ({ why }) => !why?.startsWith('there is no bench/results/') && why !== 'bench/load/run.ts was not run',
  );
}

const verdicts = (all: readonly Judged[]): readonly string[] => all.map(({ verdict }) => verdict);
const reached = (count: number): readonly string[] => Array.from({ length: count }, () => 'reached');

test('without results nothing is reached and nothing missed', (t) => {
  t.deepEqual([...new Set(verdicts(judgeGoals(() => undefined)))], ['not run']);
});

const counts = { reconnect: 3, overload: 4, fair: 1, swap: 1, state: 3 };

for (const [name, count] of Object.entries(counts))
  test(`goals of ${name} are reached by a whole run within their limits`, (t) => {
    t.deepEqual(verdicts(judged(name)), reached(count));
  });

const smaller: readonly (readonly [name: string, changes: object, why: string])[] = [
  ['reconnect', { devices: 100 }, 'devices 100 instead of ≥ 100,000'],
  ['reconnect', { seconds: 60 }, 'seconds 60 instead of ≤ 30'],
  ['reconnect', { stretch: 2 }, 'stretch 2 instead of 1'],
  ['reconnect', { timeout_ms: 60_000 }, 'timeout_ms 60,000 instead of ≤ 1,000'],
  ['overload', { seconds: 5, stretch: 10 }, 'seconds 5 instead of ≥ 60, stretch 10 instead of 1'],
  ['overload', { times: undefined }, 'it does not say its times'],
  ['fair', { share: 0.01 }, 'share 0.01 instead of 0.1'],
  ['swap', { swaps: 1 }, 'swaps 1 instead of ≥ 10'],
  ['swap', { rounds: [{}, {}] }, 'rounds 2 instead of ≥ 5'],
  ['state', { devices: 200_000 }, 'devices 200,000 instead of ≥ 10,000,000'],
  [
    'state',
    { devices: 100, command: 'node bench/scale/state.ts --devices 10000000' },
    'devices 100 instead of ≥ 10,000,000',
  ],
];

for (const [name, changes, why] of smaller)
  test(`a run of ${name} that was less reaches no goal: ${why}`, (t) => {
    const all = judged(name, changes);
    t.deepEqual(
      all.map((one) => [one.verdict, one.why]),
      all.map(() => ['not run', why]),
    );
    t.true(all.length > 0);
  });

const missing: readonly (readonly [name: string, changes: object])[] = [
  ['reconnect', { fates: { denied: 1 } }],
  ['reconnect', { missed: ['denied'] }],
  ['reconnect', { let_in: 0.999 }],
  ['reconnect', { missed: ['let_in_at_once'] }],
  ['overload', { after: { after_two_seconds_of_wanted: 0.9 } }],
  ['overload', { missed: ['normal_again'] }],
  ['overload', { missed: ['goodput'] }],
  ['overload', { largest_worker_mb: 301 }],
  ['overload', { missed: ['memory'] }],
  ['overload', { denied: 1 }],
  ['overload', { missed: ['denied'] }],
  ['state', { ready_ms: { large: { median: 2001 } } }],
  ['state', { missed: ['ready_ms'] }],
  ['state', { anonymous_mb: { large: [214, 301, 39] } }],
  ['state', { missed: ['anonymous_mb'] }],
  ['state', { missed: ['warm'] }],
  ['swap', { failed_calls: 1 }],
  ['swap', { missed: ['ratio_p99'] }],
  ['fair', { missed: ['goodput'] }],
];

for (const [name, changes] of missing)
  test(`of ${name} one goal is missed by figure or by what the run says: ${JSON.stringify(changes)}`, (t) => {
    const all = verdicts(judged(name, changes));
    t.deepEqual(all.toSorted(), ['missed', ...reached(all.length - 1)]);
  });

test('a figure that its file does not have is not run, and says which', (t) => {
  const [told] = judged('fair', { small: {} });
  t.like(told, { verdict: 'not run', why: 'bench/results/fair.json does not say small.goodput' });
});
