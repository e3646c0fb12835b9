import { parseInstant } from '../lib/clock.ts';
import { describeThrown } from '../lib/errors.ts';
import type { DecisionDeps, Step } from './deps.ts';
import type { Fault, MadeDecision } from './types.ts';
import { unrecordedDecision } from './unrecorded.ts';

/**
 * Every decision is recorded before it is answered. Where it cannot be, `audit.on_failure` says what becomes of it:
 * `deny` turns it into a denial, `continue` lets it stand; either way the fault is in its answer. Its record may yet be
 * written, so that the recorder is told what was answered.
 */
export function withRecord(step: Step, deps: DecisionDeps): Step {
  return async (call) => {
    const made = await step(call);
    try {
      await deps.recorder.append(made);
      return made;
    } catch (thrown) {
      const answered = unrecorded(made, thrown, deps);
      deps.recorder.supersede?.(answered);
      return answered;
    } finally {
      call.mark('record');
    }
  };
}

function unrecorded(made: MadeDecision, thrown: unknown, deps: DecisionDeps): MadeDecision {
  const fault: Fault = {
    code: 'system.audit_unavailable',
    stage: 'record',
    message: describeThrown(thrown),
  };
  const { decision, facts, pep } = made;
  const now = parseInstant(decision.time) as number;
  return { ...made, decision: unrecordedDecision(decision, fault, { facts, pep, now }, deps.config) };
}
