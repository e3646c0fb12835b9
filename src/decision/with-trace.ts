import { startDecisionSpan } from '../telemetry/tracing.ts';
import type { DecisionSpan } from '../telemetry/tracing.ts';
import type { Step } from './deps.ts';

/** One span around the whole call, recording included. Tracing that fails leaves the decision as it is. */
export function withTrace(step: Step, start: typeof startDecisionSpan = startDecisionSpan): Step {
  return async (call) => {
    const { built } = call;
    const door = built.ok ? built.context.door : built.door;
    const traceparent = built.ok ? built.context.traceparent : built.traceparent;
    const span = harmless(() => start({ door, ...(traceparent === undefined ? {} : { traceparent }) }));
    if (!span) return step(call);
    const made = await step({ ...call, mark: (stage) => mark(span, stage), trace: span.trace });
    harmless(() => span.end(made.decision));
    return made;
  };
}

function mark(span: DecisionSpan, stage: string): void {
  harmless(() => span.event(stage));
}

function harmless<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}
