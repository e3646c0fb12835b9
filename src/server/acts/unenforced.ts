import type { Config } from '../../config/types.ts';
import { formatInstant } from '../../lib/clock.ts';
import type { EpochMs } from '../../lib/clock.ts';
import { becauseOf } from '../../telemetry/metrics.ts';
import type { DecisionTally } from '../records/tally.ts';

/** Counts of what passes only because of observe mode or a broken glass, by PEP, since the server started. */
export interface Unenforced {
  count(tally: DecisionTally): void;
  status(config: Config, now: EpochMs): object;
  inForce(config: Config, now: EpochMs): { readonly observeInForce: number; readonly glassInForce: number };
}

type Because = ReturnType<typeof becauseOf>;

export function createUnenforced(): Unenforced {
  const counts: Record<Because, Map<string, number>> = { observe: new Map(), break_glass: new Map() };
  const told = (because: Because): object => ({
    passed: [...counts[because].values()].reduce((sum, count) => sum + count, 0),
    passed_by_pep: Object.fromEntries(counts[because]),
  });
  return {
    count: (tally) => {
      if (tally.outcome !== 'deny' || tally.enforced) return;
      const by = counts[becauseOf(tally)];
      by.set(tally.pep, (by.get(tally.pep) ?? 0) + tally.times.total.count);
    },
    status: (config, now) => ({
      observe: {
        in_force: observing(config, now).map((rule) => ({ ...rule, until: formatInstant(rule.until) })),
        ...told('observe'),
      },
      break_glass: {
        in_force: broken(config, now).map((glass) => ({
          ...glass,
          since: formatInstant(glass.since),
          until: formatInstant(glass.until),
        })),
        ...told('break_glass'),
      },
    }),
    inForce: (config, now) => ({
      observeInForce: observing(config, now).length,
      glassInForce: broken(config, now).length,
    }),
  };
}

function observing(config: Config, now: EpochMs): Config['enforcement']['observe'] {
  return config.enforcement.observe.filter((rule) => now < rule.until);
}

function broken(config: Config, now: EpochMs): Config['enforcement']['break_glass'] {
  return config.enforcement.break_glass.filter((glass) => glass.since <= now && now < glass.until);
}
