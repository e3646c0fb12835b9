import { glassAct } from '../../audit/acts.ts';
import type { Writer } from '../../audit/acts.ts';
import type { BreakGlassConfig, Config } from '../../config/types.ts';
import type { Clock } from '../../lib/clock.ts';
import { followRules } from './rule-acts.ts';
import type { RuleActs } from './rule-acts.ts';

export interface EnforcementActsOptions {
  readonly writer: Writer;
  readonly clock: Clock;
  readonly config: () => Config;
  readonly log: (line: string) => void;
}

/** Tells the opening and the end of each broken glass once, also over restarts. */
export function followGlass({ writer, clock, config, log }: EnforcementActsOptions): RuleActs {
  return followRules<BreakGlassConfig>({
    file: `${config().audit.path}.glass`,
    now: () => clock.now(),
    openAt: (now) =>
      config().enforcement.break_glass.filter((glass) => glass.since <= now && now < glass.until),
    isRule: isGlass,
    opened: (glass, at) => {
      log(`glass broken by ${glass.who}: ${glass.why}`);
      return glassAct(writer, 'break_glass_opened', glass, at);
    },
    ended: (glass, at) => {
      log(`glass broken by ${glass.who} has ended`);
      return glassAct(writer, 'break_glass_ended', glass, at);
    },
  });
}

function isGlass(value: unknown): value is BreakGlassConfig {
  if (typeof value !== 'object' || value === null) return false;
  const glass = value as Partial<Record<keyof BreakGlassConfig, unknown>>;
  return (
    [glass.reasons, glass.classes, glass.devices].every(Array.isArray) &&
    typeof glass.who === 'string' &&
    typeof glass.why === 'string' &&
    Number.isFinite(glass.since) &&
    Number.isFinite(glass.until)
  );
}
