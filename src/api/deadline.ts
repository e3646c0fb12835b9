import type { CallTiming } from '../decision/types.ts';
import type { Clock } from '../lib/clock.ts';

/** What of a gRPC call the deadline is read from. */
export interface TimedCall {
  /** Milliseconds since 1970 (or a Date); Infinity where the caller set none. From `grpc-timeout`. */
  getDeadline(): { valueOf(): number } | number;
  readonly metadata: { get(name: string): readonly (string | Buffer)[] };
}

/** Kept back for the way home, so that the answer is there before the PEP gives up (ms). */
const reserveMs = 10;

/**
 * When the call came and when its answer is of no more use: the least of `grpc-timeout`,
 * `x-envoy-expected-rq-timeout-ms` and the budget, less 10 ms. A value that is malformed or larger than the budget
 * leaves the budget; zero or less has already passed. `clock` is the machine's own, as grpc-js counts by it. `arrivedAt`
 * knows better than it when what is read now has come (monotonic ms).
 */
export function readTiming(
  call: TimedCall,
  clock: Clock,
  budgetMs: number,
  arrivedAt: (now: number) => number = (now) => now,
): CallTiming {
  const arrived = arrivedAt(clock.monotonic());
  const allowed = Math.min(budgetMs, grpcTimeout(call, clock), expectedTimeout(call));
  return { arrived, deadline: arrived + allowed - reserveMs };
}

/**
 * grpc-js adds a timeout to the time at which the call came, so that no deadline lies far behind it unless the timeout
 * (25 days and more) has overflowed 32 bits.
 */
const overflowedMs = -60_000;

function grpcTimeout(call: TimedCall, clock: Clock): number {
  const deadline = Number(call.getDeadline());
  const left = deadline - clock.now();
  return Number.isFinite(deadline) && left > overflowedMs ? left : Infinity;
}

/** Envoy sends its own timeout under this name and no `grpc-timeout`. */
function expectedTimeout(call: TimedCall): number {
  const values = call.metadata.get('x-envoy-expected-rq-timeout-ms');
  return Math.min(...values.map((value) => wholeNumber(value.toString())));
}

function wholeNumber(text: string): number {
  return /^-?\d{1,15}$/.test(text) ? Number(text) : Infinity;
}
