import type { MadeDecision } from '../../decision/types.ts';
import { isSampled } from './sampled.ts';
import type { AnsweredDecision, ShadowAsk, ShadowBatch } from './types.ts';

/** The worker's part: it hands on what was answered, and never waits for what becomes of it. */
export interface ShadowSender {
  /** From now on for this bundle; null: for none. */
  ask(wanted: ShadowAsk | null): void;
  /** Takes a decision as it was answered; that costs next to nothing, whatever becomes of it. */
  note(made: MadeDecision): void;
  /** The last batch was dealt with. */
  taken(): void;
  /** Tells what is left as dropped; for the end of a drain. */
  end(): void;
}

/** Decisions that wait; beyond them, new ones are dropped and counted. */
const mostWaiting = 512;
/** Decisions of a batch: written in one go, which a call that comes meanwhile waits for. */
const mostInBatch = 16;
/** How often counts are told while nothing is sent (ms). */
const tellMs = 1000;

/**
 * Makes the sender. One batch is on its way at a time: where the other side is slow, decisions wait here as they are, and
 * those beyond the room for them are counted and cost nothing more.
 */
export function createShadowSender(send: (batch: ShadowBatch) => void): ShadowSender {
  let wanted: ShadowAsk | null = null;
  let waiting: MadeDecision[] = [];
  let [seen, chosen, dropped] = [0, 0, 0];
  let underWay = false;
  let due: NodeJS.Immediate | undefined;
  let telling: NodeJS.Timeout | undefined;

  const leave = (): void => {
    due = undefined;
    if (!wanted || underWay || (seen === 0 && waiting.length === 0)) return;
    const decisions = waiting.splice(0, mostInBatch).map(textOf);
    underWay = true;
    const batch = { bundle: wanted.bundle, decisions, seen, chosen, dropped };
    [seen, chosen, dropped] = [0, 0, 0];
    send(batch);
  };
  // Behind what has come in already: answers go first.
  const soon = (): void => void (due ??= setImmediate(leave));
  /** What is chosen leaves at once; the others are only told from time to time. */
  const later = (): void => {
    telling ??= setTimeout(() => {
      telling = undefined;
      leave();
    }, tellMs).unref();
  };
  const begin = (next: ShadowAsk | null): void => {
    wanted = next;
    waiting = [];
    [seen, chosen, dropped] = [0, 0, 0];
    underWay = false;
  };

  return {
    ask: begin,
    note: (made) => {
      if (!wanted) return;
      seen += 1;
      if (!isSampled(made.decision.decision_id, wanted.share)) return later();
      chosen += 1;
      if (waiting.length >= mostWaiting) dropped += 1;
      else waiting.push(made);
      soon();
    },
    taken: () => {
      underWay = false;
      if (waiting.length > 0) soon();
      else if (seen > 0) later();
    },
    end: () => {
      clearTimeout(telling);
      if (!wanted) return;
      if (waiting.length > 0 || seen > 0) {
        const { bundle } = wanted;
        send({ bundle, decisions: [], seen, chosen, dropped: dropped + waiting.length });
      }
      begin(null);
    },
  };
}

function textOf({ decision, facts, verdict, input, document }: MadeDecision): string {
  const answered: AnsweredDecision = {
    ...{ decision, facts, verdict, input: input !== null },
    ...(document && { document }),
  };
  return JSON.stringify(answered);
}
