import { PortreeveError, asPortreeveError } from '../lib/errors.ts';
import type { MadeDecision, Recorder } from '../decision/types.ts';
import type { Channel, ToParent } from './channel.ts';
import type { RecordPipe } from './record-pipe.ts';
import { summarize } from './summary.ts';
import type { DecisionSummary } from './summary.ts';
import { createTally } from './tally.ts';

export interface RecordSender extends Recorder {
  /** The parent says whether it can write. While it cannot, `append` rejects. */
  writable(yes: boolean): void;
  /** Whether the parent wants to be told of each decision, and not only how many there were. */
  tellEach(yes: boolean): void;
  /** Counts a decision as it was answered. */
  count(made: MadeDecision): void;
  /** Sends what is waiting; for the end of a drain. */
  flush(): Promise<void>;
}

/** Most time that counts wait for company (ms); records themselves go with the next turn of the event loop. */
const countDelayMs = 20;

/** Most time that a batch may take to leave this process (ms); a parent that reads nothing must not hold answers up. */
const handoverMs = 100;

/** Records that may be on their way at once; beyond that the parent does not keep up and decisions say so. */
const maxInFlight = 10_000;

/**
 * Hands records to the parent in batches. A record counts as safe once it has left this process: a worker that is
 * killed afterwards takes no record of an answered decision with it. `line` writes the record of a decision.
 */
export function createRecordSender(
  pipe: RecordPipe,
  channel: Pick<Channel<ToParent>, 'send'>,
  line: (made: MadeDecision) => string,
): RecordSender {
  const tally = createTally();
  let open = true;
  let tellEach = false;
  let lines: string[] = [];
  let summaries: DecisionSummary[] = [];
  let inFlight = 0;
  let batch: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  const sendRecords = async (): Promise<void> => {
    const leaving = lines;
    lines = [];
    batch = undefined;
    if (leaving.length === 0) return;
    inFlight += leaving.length;
    try {
      await pipe.send(leaving);
    } catch (thrown) {
      throw new PortreeveError('PDP_AUDIT_UNAVAILABLE', 'the record could not be handed over', {
        cause: asPortreeveError(thrown),
      });
    } finally {
      inFlight -= leaving.length;
    }
  };
  const sendCounts = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    const message = { kind: 'decided', tallies: tally.take(), summaries } as const;
    summaries = [];
    if (message.tallies.length > 0) await channel.send(message);
  };
  const sendInTime = (): Promise<void> =>
    new Promise((resolve, reject) => {
      setImmediate(() => {
        const late = setTimeout(() => {
          reject(new PortreeveError('PDP_AUDIT_UNAVAILABLE', `the record was not taken in ${handoverMs} ms`));
        }, handoverMs);
        void sendRecords()
          .then(resolve, reject)
          .finally(() => clearTimeout(late));
      });
    });

  return {
    append: (made) => {
      if (!open) return unavailable('the log of records cannot be written');
      if (inFlight + lines.length >= maxInFlight)
        return unavailable(`${maxInFlight} records wait to be written`);
      lines.push(line(made));
      return (batch ??= sendInTime());
    },
    writable: (yes) => {
      open = yes;
    },
    tellEach: (yes) => {
      tellEach = yes;
    },
    count: (made) => {
      tally.add(made);
      if (tellEach) summaries.push(summarize(made));
      // A failed send ends the worker through the channel's own `broken`.
      timer ??= setTimeout(() => void sendCounts().catch(() => undefined), countDelayMs);
    },
    flush: async () => {
      await Promise.all([sendRecords(), sendCounts()]);
    },
  };
}

function unavailable(problem: string): Promise<never> {
  return Promise.reject(new PortreeveError('PDP_AUDIT_UNAVAILABLE', problem));
}
