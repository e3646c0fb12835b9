import { denyForFault } from './decide.ts';
import type { DecisionDeps, Step } from './deps.ts';

/**
 * Does not begin what nobody waits for any more: a call whose deadline passed before its turn came is denied with
 * `system.overload_shed`. The deadline within the flow, around the policy, is `decide`'s.
 */
export function withDeadline(step: Step, deps: DecisionDeps): Step {
  // Not `async`: what is thrown here is met where it is awaited, and every further promise costs each decision.
  return (call) => {
    if (!call.late()) return step(call);
    const waited = Math.round(deps.clock.monotonic() - call.timing.arrived);
    return Promise.resolve(
      denyForFault(call, deps, {
        code: 'system.overload_shed',
        stage: 'facts',
        message: `the deadline passed before the decision was begun, ${waited} ms after the call came`,
      }),
    );
  };
}
