import { denyForFault } from './decide.ts';
import type { DecisionDeps, Step } from './deps.ts';

/** The deadline of a call that is given up before it has passed, because it could not be kept. */
export const givenUp = -Infinity;

/**
 * Does not begin what nobody waits for any more: a call whose deadline passed before its turn came, or that was given up,
 * is denied with `system.overload_shed`. The deadline within the flow, around the policy, is `decide`'s.
 */
export function withDeadline(step: Step, deps: DecisionDeps): Step {
  // Not `async`: what is thrown here is met where it is awaited, and every further promise costs each decision.
  return (call) => {
    if (!call.late()) return step(call);
    const waited = Math.round(deps.clock.monotonic() - call.timing.arrived);
    const why =
      call.timing.deadline === givenUp
        ? 'the deadline could not be kept any more'
        : 'the deadline passed before the decision was begun';
    return Promise.resolve(
      denyForFault(call, deps, {
        code: 'system.overload_shed',
        stage: 'facts',
        message: `${why}, ${waited} ms after the call came`,
      }),
    );
  };
}
