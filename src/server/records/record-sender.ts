import { PortreeveError, asPortreeveError } from '../../lib/errors.ts';
import type { RecordMode } from '../../audit/home.ts';
import type { MadeDecision, Recorder } from '../../decision/types.ts';
import { systemClock } from '../../lib/clock.ts';
import type { Channel, ToParent } from '../worker/channel.ts';
import { createPacing } from './pacing.ts';
import { LineBatch } from './line-batch.ts';
import type { Merging } from './merging.ts';
import { createRecordLag } from './record-lag.ts';
import type { RecordPipe } from './record-pipe.ts';
import { summarize } from './summary.ts';
import type { DecisionSummary } from './summary.ts';
import { createTally } from './tally.ts';

export interface RecordSender extends Required<Recorder> {
  /** The parent says whether it can write. While it cannot, `append` rejects. */
  writable(yes: boolean): void;
  /** The most time that one decision may take (ms); two thirds of it are the most that its record may. */
  budget(ms: number): void;
  /**
   * How records are kept. With `none` nothing is written, and `append` resolves at once. With `relaxed` it resolves at once
   * too, for as long as no more than half of `flushMs` of records is on its way to the log.
   */
  mode(mode: RecordMode, flushMs?: number): void;
  /** Whether answers that might go ahead of their records wait for them, because these have been on their way for too long. */
  late(): boolean;
  /** Tells which denials are only counted; none, before it is set. */
  merging(merging: Merging): void;
  /** Whether the parent wants to be told of each decision, and not only how many there were. */
  tellEach(yes: boolean): void;
  /** Counts a decision as it was answered. */
  count(made: MadeDecision): void;
  /**
   * Sends what is waiting and waits until it stands in the log, within limits, and whether all of it does; for the end of a
   * drain.
   */
  flush(): Promise<boolean>;
}

/** Writes the line of a decision's record, or of the one that stands for what was answered in its place. */
export type RecordLine = (
  made: MadeDecision,
  how: { readonly supersedes: boolean; readonly mode: RecordMode | undefined },
) => string;

/** Most time that counts wait for company (ms); records themselves wait for hardly anything. */
const countDelayMs = 20;

/**
 * Between two batches (ms), while answers wait for them and while they go ahead: under load batches are larger for it, and
 * each costs the same however large it is.
 */
const batchPauseMs = { waiting: 2, ahead: 25 } as const;

/** Until the budget is known: that of the default one (ms). */
const defaultWithinMs = 100;

/** Most time that a drain waits for the last records to stand in the log (ms). */
const drainMs = 2000;

/** Records that may be on their way at once; beyond that the parent does not keep up and decisions say so. */
const maxInFlight = 10_000;

/** Lines that leave together. */
interface Batch {
  readonly lines: LineBatch;
  /** Decisions that wait until their records stand in the log. */
  readonly ids: string[];
  readonly written: Promise<void>;
}

const settled = Promise.resolve();

/**
 * Hands records to the parent in batches; `beforeLeave` is called before each, and what it throws keeps the batch back. A
 * record counts as safe once the parent has acknowledged that it stands in the log: neither a killed worker nor a killed
 * parent takes the record of an answered decision with it, unless answers may go ahead of their records (`relaxed`). A
 * record that is not acknowledged in time may be written later all the same; what is answered then follows it as a
 * further record.
 */
export function createRecordSender(
  pipe: RecordPipe,
  channel: Pick<Channel<ToParent>, 'send'>,
  line: RecordLine,
  beforeLeave: () => void = () => undefined,
): RecordSender {
  const tally = createTally();
  let aheadMs = 0;
  const lag = createRecordLag(
    () => aheadMs,
    () => systemClock.monotonic(),
  );
  const pacing = createPacing(() =>
    lag.mayGoAhead() ? Math.min(batchPauseMs.ahead, aheadMs / 4) : batchPauseMs.waiting,
  );
  let open = true;
  let withinMs = defaultWithinMs;
  let tellEach = false;
  let mode: RecordMode | undefined;
  let merging: Merging | undefined;
  let summaries: DecisionSummary[] = [];
  let unrecorded = 0;
  let inFlight = 0;
  let batch: Batch | undefined;
  let last: Promise<void> = Promise.resolve();
  let counted: { readonly leaves: Promise<void>; readonly inTime: Promise<void> } | undefined;
  let timer: NodeJS.Timeout | undefined;
  /** What gives up waiting for records that are on their way. */
  const waiting = new Set<(problem: string) => void>();
  /** Decisions whose records have left, and whose `append` has rejected. */
  const doubtful = new Set<string>();

  const leave = async ({ lines, ids }: Omit<Batch, 'written'>): Promise<void> => {
    batch = undefined;
    try {
      beforeLeave();
    } catch (thrown) {
      inFlight -= lines.count;
      // Those who wait are told, and say what becomes of them.
      missed(lines.count - ids.length);
      lines.release();
      throw asPortreeveError(thrown, 'PDP_AUDIT_UNAVAILABLE');
    }
    const sent = pipe.send(lines.bytes(), () => lines.release()).finally(() => (inFlight -= lines.count));
    last = sent.catch(() => undefined);
    try {
      await inTime(sent, withinMs, waiting);
    } catch (thrown) {
      for (const id of ids) doubtful.add(id);
      throw asPortreeveError(thrown);
    }
  };
  const nextBatch = (): Batch => {
    const parts = { lines: new LineBatch(), ids: [] };
    const known = lag.begins();
    const written = new Promise<void>((resolve, reject) => {
      pacing.next(() => void leave(parts).then(resolve, reject));
    });
    written.then(
      () => known(true),
      () => known(false),
    );
    return { ...parts, written };
  };
  const sendCounts = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    const message = { kind: 'decided', tallies: tally.take(), summaries, unrecorded } as const;
    summaries = [];
    unrecorded = 0;
    if (message.tallies.length > 0 || message.unrecorded > 0) await channel.send(message);
  };
  const countSoon = (): void => {
    // A failed send ends the worker through the channel's own `broken`.
    timer ??= setTimeout(() => void sendCounts().catch(() => undefined), countDelayMs);
  };
  /** Nothing may follow that would take the number along. */
  const missed = (count: number): void => {
    unrecorded += count;
    if (count > 0) countSoon();
  };

  /** All that are counted by one message wait for it together. */
  const countedInTime = (leaves: Promise<void>): Promise<void> => {
    if (counted?.leaves !== leaves) counted = { leaves, inTime: inTime(leaves, withinMs, waiting) };
    return counted.inTime;
  };

  return {
    append: (made) => {
      if (mode === 'none') return settled;
      if (!open) return unavailable('the log of records cannot be written');
      const merged = merging?.takes(made);
      if (merged) return countedInTime(merged);
      if (inFlight >= maxInFlight) return unavailable(`${maxInFlight} records wait to be written`);
      const written = line(made, { supersedes: false, mode });
      batch ??= nextBatch();
      batch.lines.add(written);
      inFlight += 1;
      if (lag.mayGoAhead()) return settled;
      batch.ids.push(made.decision.decision_id);
      return batch.written;
    },
    supersede: (answered) => {
      if (mode === 'none') return;
      if (!doubtful.delete(answered.decision.decision_id)) {
        missed(1);
        return;
      }
      const written = line(answered, { supersedes: true, mode });
      batch ??= nextBatch();
      batch.lines.add(written);
      inFlight += 1;
      // Nobody waits for it: the answer is what it is.
      batch.written.catch(() => undefined);
    },
    writable: (yes) => {
      open = yes;
      if (!yes) for (const giveUp of waiting) giveUp('the log failed while the record was on its way to it');
    },
    budget: (ms) => {
      withinMs = Math.round((ms * 2) / 3);
    },
    mode: (of, flushMs = 0) => {
      mode = of;
      aheadMs = of === 'relaxed' ? flushMs / 2 : 0;
    },
    late: () => aheadMs > 0 && lag.isLate(),
    merging: (of) => {
      merging = of;
    },
    tellEach: (yes) => {
      tellEach = yes;
    },
    count: (made) => {
      tally.add(made);
      if (tellEach) summaries.push(summarize(made));
      countSoon();
    },
    flush: async () => {
      await batch?.written.catch(() => undefined);
      await Promise.race([last, pause(drainMs)]);
      await sendCounts();
      return inFlight === 0;
    },
  };
}

/**
 * Rejects with PDP_AUDIT_UNAVAILABLE what does not come in time: a parent that writes nothing must not hold answers up.
 * Where this process itself was late, what has come meanwhile is read first.
 */
function inTime(
  sent: Promise<void>,
  withinMs: number,
  waiting: Set<(problem: string) => void>,
): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    const giveUp = (problem: string, cause?: unknown): void => {
      clearTimeout(late);
      waiting.delete(giveUp);
      reject(new PortreeveError('PDP_AUDIT_UNAVAILABLE', problem, { cause }));
    };
    const late = setTimeout(
      () => setImmediate(() => giveUp(`the record was not written in ${withinMs} ms`)),
      withinMs,
    );
    waiting.add(giveUp);
    sent.then(
      () => {
        clearTimeout(late);
        waiting.delete(giveUp);
        resolve();
      },
      (cause: unknown) => giveUp('the record could not be handed over', cause),
    );
  });
}

function unavailable(problem: string): Promise<never> {
  return Promise.reject(new PortreeveError('PDP_AUDIT_UNAVAILABLE', problem));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
