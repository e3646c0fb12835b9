import { PortreeveError, asPortreeveError } from '../lib/errors.ts';
import type { MadeDecision, Recorder } from '../decision/types.ts';
import type { Channel, ToParent } from './channel.ts';
import { summarize } from './summary.ts';
import type { DecisionSummary } from './summary.ts';

export interface RecordSender extends Recorder {
  /** The parent says whether it can write. While it cannot, `append` rejects. */
  writable(yes: boolean): void;
  /** Counts a decision as it was answered. */
  count(made: MadeDecision): void;
  /** Sends what is waiting; for the end of a drain. */
  flush(): Promise<void>;
}

/** Most time that a summary waits for company (ms); records themselves go with the next turn of the event loop. */
const summaryDelayMs = 5;

/** Most time that a batch may take to leave this process (ms); a parent that reads nothing must not hold answers up. */
const handoverMs = 100;

/** Records that may be on their way at once; beyond that the parent does not keep up and decisions say so. */
const maxInFlight = 10_000;

/**
 * Hands records to the parent in batches. A record counts as safe once it has left this process: a worker that is
 * killed afterwards takes no record of an answered decision with it. `line` writes the record of a decision.
 */
export function createRecordSender(
  channel: Pick<Channel<ToParent>, 'send'>,
  line: (made: MadeDecision) => string,
): RecordSender {
  let open = true;
  let lines: string[] = [];
  let summaries: DecisionSummary[] = [];
  let inFlight = 0;
  let batch: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  const send = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    batch = undefined;
    const message = { kind: 'records', lines, summaries } as const;
    lines = [];
    summaries = [];
    if (message.lines.length + message.summaries.length === 0) return;
    inFlight += message.lines.length;
    try {
      await channel.send(message);
    } catch (thrown) {
      throw new PortreeveError('PDP_AUDIT_UNAVAILABLE', 'the record could not be handed over', {
        cause: asPortreeveError(thrown),
      });
    } finally {
      inFlight -= message.lines.length;
    }
  };

  return {
    append: async (made) => {
      if (!open) throw new PortreeveError('PDP_AUDIT_UNAVAILABLE', 'the log of records cannot be written');
      if (inFlight + lines.length >= maxInFlight) {
        throw new PortreeveError('PDP_AUDIT_UNAVAILABLE', `${maxInFlight} records wait to be written`);
      }
      lines.push(line(made));
      batch ??= new Promise((resolve, reject) => {
        setImmediate(() => {
          const late = setTimeout(() => {
            reject(
              new PortreeveError('PDP_AUDIT_UNAVAILABLE', `the record was not taken in ${handoverMs} ms`),
            );
          }, handoverMs);
          void send()
            .then(resolve, reject)
            .finally(() => clearTimeout(late));
        });
      });
      await batch;
    },
    writable: (yes) => {
      open = yes;
    },
    count: (made) => {
      summaries.push(summarize(made));
      // A failed send ends the worker through the channel's own `broken`.
      timer ??= setTimeout(() => void send().catch(() => undefined), summaryDelayMs);
    },
    flush: send,
  };
}
