import { constants, setPriority } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { systemClock } from '../../lib/clock.ts';
import { asPortreeveError } from '../../lib/errors.ts';
import { loadPolicy } from '../loaded.ts';
import { judgeLate, judgeOne } from './judge.ts';
import type { Judged, Judging } from './judge.ts';
import type { FromShadow, ShadowJudged, ToShadow } from './shadow-process.ts';
import { addCounts, noCounts } from './types.ts';
import { withinTime } from './within-time.ts';

type Load = Extract<ToShadow, { is: 'load' }>;

/** Most time that the policy has for one decision (ms), where `server.budget` gives it more. */
const mostMs = 1000;
/** How many times as long as a policy has run without end nothing is done: it takes a small share of a core. */
const restFactor = 20;
const mostRestMs = 60_000;

/**
 * What runs in the process that asks the second bundle: it loads it, judges what it is sent, and ends with its parent. It
 * may be killed at any time, and holds nothing.
 */
export function runShadow(): void {
  process.once('disconnect', () => process.exit(0));
  // The parent decides when it is over: a terminal's Ctrl-C is for the parent.
  process.on('SIGINT', () => undefined);
  yieldToDecisions();
  let desk: Desk | undefined;
  let last: Promise<void> = Promise.resolve();
  const handle = async (message: ToShadow): Promise<void> => {
    if (message.is === 'load') {
      desk = await Desk.open(message);
      tell({ is: 'loaded' });
    } else await desk?.judge(message.decisions);
  };
  process.on('message', (message: ToShadow) => {
    last = last
      .then(() => handle(message))
      .catch((thrown: unknown) => {
        tell({ is: 'failed', message: asPortreeveError(thrown, 'PDP_BUNDLE_INVALID').message }, () =>
          process.exit(1),
        );
      });
  });
  tell({ is: 'ready' });
}

class Desk {
  readonly #load: Load;
  readonly #limitMs: number;
  #judging: Judging;

  static async open(load: Load): Promise<Desk> {
    return new Desk(load, await judgingOf(load));
  }

  constructor(load: Load, judging: Judging) {
    this.#load = load;
    this.#judging = judging;
    this.#limitMs = Math.min(load.config.server.budget, mostMs);
  }

  async judge(decisions: readonly string[]): Promise<void> {
    for (let left = decisions; ;) {
      const { judged, late, took } = this.#slice(left);
      left = left.slice(judged.length);
      const restMs = late ? Math.min(Math.ceil(took * restFactor), mostRestMs) : 0;
      tell(summed(judged, { late: late ? 1 : 0, restMs, done: left.length === 0 && !late }));
      if (late) {
        // What was broken off is in no known state.
        this.#judging = await judgingOf(this.#load);
        await pause(restMs);
        if (left.length === 0) tell(summed([], { late: 0, restMs: 0, done: true }));
      }
      if (left.length === 0) return;
    }
  }

  /** As many as are done within the limit for one; each of them has at least that, and at most twice that. */
  #slice(decisions: readonly string[]): {
    readonly judged: readonly Judged[];
    readonly late: boolean;
    readonly took: number;
  } {
    const { clock } = this.#judging;
    const limit = this.#limitMs;
    const judged: Judged[] = [];
    const begun = clock.monotonic();
    const done = withinTime(2 * limit, () => {
      for (const text of decisions) {
        judged.push(judgeOne(text, this.#judging));
        if (clock.monotonic() - begun >= limit) return;
      }
    });
    const text = decisions[judged.length];
    const late = !done && text !== undefined;
    if (late) judged.push(judgeLate(text, this.#judging, limit));
    return { judged, late, took: clock.monotonic() - begun };
  }
}

async function judgingOf({ config, file, about }: Load): Promise<Judging> {
  const engine = await loadPolicy(config, file);
  return {
    ...{ engine, bundle: about, clock: systemClock },
    settings: config,
    document: config.policy.compat !== null,
  };
}

function summed(
  judged: readonly Judged[],
  { late, restMs, done }: Pick<ShadowJudged, 'late' | 'restMs' | 'done'>,
): ShadowJudged {
  const counts = noCounts();
  const flips = new Map<string, { direction: 'lock_out' | 'let_in'; reason: string; count: number }>();
  for (const { counts: one, flip } of judged) {
    addCounts(counts, one);
    if (!flip) continue;
    const { direction, reason } = flip;
    const known = flips.get(`${direction} ${reason}`);
    if (known) known.count += 1;
    else flips.set(`${direction} ${reason}`, { direction, reason, count: 1 });
  }
  return {
    ...{ is: 'judged', counts, late, restMs, done },
    flips: [...flips.values()],
    records: judged.flatMap(({ record }) => record ?? []),
    times: Float64Array.from(judged.flatMap(({ took }) => took ?? [])),
  };
}

/** Where the machine is busy, decisions come first. */
function yieldToDecisions(): void {
  try {
    setPriority(constants.priority.PRIORITY_LOW);
  } catch {
    // Not every system lets a process lower its own; what it finds is right without.
    return;
  }
}

function tell(message: FromShadow, sent?: () => void): void {
  process.send?.(message, undefined, undefined, sent);
}
