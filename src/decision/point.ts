import { redactsDeviceId } from '../config/redacted-path.ts';
import { startDecisionSpan } from '../telemetry/tracing.ts';
import { denyForFault, decideOnce } from './decide.ts';
import type { Call, DecisionDeps, Step } from './deps.ts';
import { faultOf } from './fault.ts';
import type { CallTiming, DecisionPoint } from './types.ts';
import { withDeadline } from './with-deadline.ts';
import { withRecord } from './with-record.ts';
import { withTrace } from './with-trace.ts';

/**
 * What the doors call: the flow within its deadline, recorded, traced. Never rejects: a throw that no stage expected
 * is a denial with `system.internal`, recorded and traced like any other, and one from recording or tracing is
 * still a denial.
 */
export function createDecisionPoint(deps: DecisionDeps): DecisionPoint {
  const flow: Step = withDeadline((call) => decideOnce(call, deps), deps);
  const guarded = denyOnThrow(flow, deps);
  const hides = redactsDeviceId(deps.config.audit.redact.fields);
  const traced = withTrace(withRecord(guarded, deps), hides ? startSpanWithoutDevice : startDecisionSpan);
  const point = denyOnThrow(traced, deps);
  return {
    decide: (built, timing) => point(callOf(built, timing, deps)),
  };
}

/** Spans go where records do not: what records hide is in none either. */
const startSpanWithoutDevice: typeof startDecisionSpan = (from) => {
  const span = startDecisionSpan(from);
  return { ...span, end: (decision) => span.end({ ...decision, device_id: null }) };
};

function callOf(built: Call['built'], timing: CallTiming, deps: DecisionDeps): Call {
  const standing = deps.clock.standing();
  return {
    built,
    timing,
    now: standing?.kept ?? deps.clock.now(),
    standing,
    late: () => deps.clock.monotonic() >= timing.deadline,
    mark: () => undefined,
    trace: null,
  };
}

function denyOnThrow(step: Step, deps: DecisionDeps): Step {
  return async (call) => {
    try {
      return await step(call);
    } catch (thrown) {
      return denyForFault(call, deps, faultOf(thrown, 'conclude'));
    }
  };
}
