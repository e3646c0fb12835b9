import type { Log } from '../../audit/log/types.ts';

/** What sinks are fed from. */
export type SentLog = Pick<Log, 'checkpoint' | 'files' | 'stats'>;

/** An entry of the log that is on its way. */
export interface SinkEntry {
  /** Name of the log. */
  readonly log: string;
  readonly index: number;
  /** Hash of the entry in the tree (RFC 6962 section 2.1), hex. */
  readonly hash: string;
  readonly bytes: Uint8Array;
}

/** What a batch may hold at most. */
export interface BatchLimits {
  readonly entries: number;
  /** Beyond which no further entry is added. */
  readonly bytes: number;
}

/** How entries come to a sink. */
export interface Delivery {
  readonly limits: BatchLimits;
  /**
   * Sends a batch; resolves once the receiver has all of it, with how many entries it has refused for good. Rejects
   * where that is not known: then all of them are sent again.
   */
  deliver(batch: readonly SinkEntry[], signal: AbortSignal): Promise<{ readonly rejected: number }>;
  close(): Promise<void>;
}
