import { observeAct } from '../../audit/acts.ts';
import type { ObserveConfig } from '../../config/types.ts';
import type { EnforcementActsOptions } from './glass-acts.ts';
import { followRules } from './rule-acts.ts';
import type { RuleActs } from './rule-acts.ts';

/** Tells once, also over restarts, when a PEP, class or site begins to be observed, and when that is over. */
export function followObserved({ writer, clock, config, log }: EnforcementActsOptions): RuleActs {
  const tell = (act: 'observe_opened' | 'observe_ended') => (rule: ObserveConfig, at: number) => {
    const record = observeAct(writer, act, rule, at);
    log(`${record.selector} is ${act === 'observe_opened' ? 'observed' : 'observed no more'}`);
    return record;
  };
  return followRules<ObserveConfig>({
    file: `${config().audit.path}.observed`,
    now: () => clock.now(),
    openAt: (now) => config().enforcement.observe.filter(({ until }) => now < until),
    isRule: isObserve,
    opened: tell('observe_opened'),
    ended: tell('observe_ended'),
  });
}

function isObserve(value: unknown): value is ObserveConfig {
  if (typeof value !== 'object' || value === null) return false;
  const { until, ...whom } = value as Record<string, unknown>;
  return Number.isFinite(until) && Object.values(whom).every((name) => typeof name === 'string');
}
