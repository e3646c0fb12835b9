import type { Verdict } from '../policy/types.ts';
import { conclude } from './conclude.ts';
import type { ConcludeSettings } from './conclude.ts';
import type { Attempt } from './fault.ts';
import type { ReplayableRecord } from './replay.ts';
import type { Decision, Facts } from './types.ts';

/** What a decision about the same connection needs: that the policy could be asked, whatever had become of that. */
export type AskableRecord = Pick<ReplayableRecord, 'decision_id' | 'versions'> & { readonly facts: Facts };

/**
 * Decides a recorded connection anew by what another policy answers to it: its facts as they were recorded, floor and
 * enforcement included. What had gone wrong on the way at that time (a deadline, a policy that was missing, a record that
 * came too late) does not count; what goes wrong with this answer does. Pure.
 */
export function concludeWith(
  { decision_id: decisionId, facts, versions }: AskableRecord,
  answer: Attempt<Verdict>,
  settings: ConcludeSettings,
): Decision {
  const { tenant, now, pep } = facts;
  return conclude(
    {
      ...{ decisionId, tenant, now, pep, facts, versions },
      verdict: answer.ok ? answer.value : null,
      faults: answer.ok ? [] : [answer.fault],
      findings: [],
    },
    settings,
  );
}
