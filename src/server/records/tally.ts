import type { MadeDecision } from '../../decision/types.ts';
import { addDuration, noDurations } from '../../telemetry/durations.ts';
import type { CountedKind, StageTimes } from '../../telemetry/metrics.ts';

/** Decisions that are counted alike, and how long each of them took. Plain data, because it crosses the channel. */
export interface DecisionTally extends CountedKind {
  readonly pep: string;
  readonly times: StageTimes;
}

export interface Tally {
  add(made: MadeDecision): void;
  /** What was added since the last time. */
  take(): readonly DecisionTally[];
}

/** Counts decisions by what the parent tells apart. */
export function createTally(): Tally {
  let counted = new Map<string, DecisionTally>();
  return {
    add: (made) => {
      const key = keyOf(made);
      let tally = counted.get(key);
      if (!tally) counted.set(key, (tally = { ...kindOf(made), times: noTimes() }));
      const { times } = tally;
      const { facts, policy, conclude, total } = made.timings;
      addDuration(times.facts, facts);
      addDuration(times.policy, policy);
      addDuration(times.conclude, conclude);
      addDuration(times.total, total);
    },
    take: () => {
      const taken = [...counted.values()];
      counted = new Map();
      return taken;
    },
  };
}

/** Codes have no spaces; the one text that may is last. */
function keyOf({ decision, door, pep }: MadeDecision): string {
  let key = `${door} ${decision.outcome} ${decision.enforced} ${decision.assurance}`;
  for (const { code } of decision.reasons) key += ` ${code}`;
  for (const { code, stage } of decision.faults) key += ` ${code}/${stage}`;
  return `${key} ${pep.name}`;
}

function kindOf({ decision, door, pep }: MadeDecision): Omit<DecisionTally, 'times'> {
  return {
    door,
    pep: pep.name,
    outcome: decision.outcome,
    enforced: decision.enforced,
    reason: decision.reasons[0]?.code ?? '',
    assurance: decision.assurance,
    reasons: decision.reasons.map(({ code, severity }) => ({ code, severity })),
    faults: decision.faults.map(({ code, stage }) => ({ code, stage })),
  };
}

function noTimes(): StageTimes {
  return { facts: noDurations(), policy: noDurations(), conclude: noDurations(), total: noDurations() };
}
