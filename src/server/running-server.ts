import type { Config } from '../config/types.ts';
import type { Clock } from '../lib/clock.ts';
import type { BoundAddress } from './worker/channel.ts';
import type { OtelEnv } from './otel/otel.ts';
import type { DecisionSummary } from './records/summary.ts';

export interface ParentOptions {
  /** Reads the configuration file anew, for reloads; throws PDP_CONFIG_INVALID with all problems. */
  readonly load: () => Config;
  readonly clock: Clock;
  /** Every `OTEL_*` variable. */
  readonly otel: OtelEnv;
  /** Takes one line for the operator. */
  readonly log: (line: string) => void;
  /** Told of each decision after it was answered. */
  readonly onDecision?: (summary: DecisionSummary) => void;
}

/** A server that decides. */
export interface RunningServer {
  /** Listeners of PEPs, then `admin` and `health`. */
  readonly addresses: readonly BoundAddress[];
  status(): object;
  metrics(): Promise<string>;
  reload(why: string): Promise<void>;
  /** Drains and ends everything; resolves once the last record is written. */
  stop(why: string): Promise<void>;
}
