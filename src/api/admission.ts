import type { Clock } from '../lib/clock.ts';
import { createArrivals } from '../lib/arrivals.ts';
import { watchLateness } from './lateness.ts';
import { createLines } from './lines.ts';

/** A call that wants to be decided. */
export interface WaitingCall {
  /** Name of the line that it waits in: each PEP has its own, and another one for what its batches bring. */
  readonly pep: string;
  /** Length of the request, or of its part of a batch, that is held while it waits. */
  readonly bytes: number;
  /** When it came, and when its answer is of no more use (monotonic ms). */
  readonly timing: { readonly arrived: number; readonly deadline: number };
  /** How much of its time it may have waited for when it is begun; half, unless said. */
  readonly mayWait?: number;
  /** Whether the PEP has given it up. */
  gone(): boolean;
  /** Its turn has come. Settles once it was answered, or decided as one of a batch, which is answered as a whole. */
  begin(): Promise<void>;
  /** It is answered without being begun. */
  shed(why: ShedReason): void;
}

/** Why a call is not begun: it has waited for too long, or there is no room for it to wait. */
export type ShedReason = 'waited' | 'no_room';

export interface Admission {
  /** About when the bytes came that are read at the monotonic time `now` (ms). */
  readonly arrivedAt: (now: number) => number;
  /** Begins the call at once, or lets it wait for its turn; sheds it where it cannot be begun in time. */
  enter(call: WaitingCall): void;
  /** What waits now, and what became of calls since the worker started. */
  stats(): AdmissionStats;
}

export interface AdmissionStats {
  readonly waiting: number;
  /** Most that waited at the same time since the last call of `stats`. */
  readonly mostWaiting: number;
  readonly shedWaited: number;
  readonly shedNoRoom: number;
  /** Given up by their PEPs while they waited; nothing was decided for them. */
  readonly abandoned: number;
}

/**
 * Least time (ms) for decisions in one turn of the event loop. In between, sockets are read: this is how exactly it is
 * known when a call came, and how long answers and heartbeats wait for decisions.
 */
const sliceMs = 5;

/** Most time (ms) for decisions in one turn, where reading and answering take so long that 5 ms would starve them. */
const longestSliceMs = 25;

/**
 * Calls that were begun and are not answered are no more than this, once the first of them has waited for its record for
 * longer than `recordMs`: whoever writes records does not keep up, and what is begun now would be answered too late.
 */
const mostInWork = 128;
const recordMs = 20;

/**
 * The same, at once, where answers no longer go ahead of their records (`recordsLate`): whoever writes them gets no turn, and
 * each call that is begun takes from what it could write with.
 */
const mostWhileLate = 16;

/** How often it is looked whether the time of somebody is over who waits while nothing may be begun (ms). */
const lookMs = 10;

/** A call that was begun, and when (monotonic ms). */
interface Work {
  readonly since: number;
  ended: boolean;
}

/** What may wait in one worker. Clients that keep to their streams come nowhere near it. */
export const mostWaiting = { calls: 4096, bytes: 32 * 1024 * 1024 } as const;

/**
 * Decides the order in which the calls of one worker are begun. While the thread keeps up, each is begun as it comes.
 * Otherwise calls wait in a line for each PEP, the lines are served in turn, one call each, so that no PEP's calls wait
 * for another's line; a call that has spent half its time waiting is shed, because the other half is for decision, record
 * and the way home. Until then it is held rather than refused: what waits counts against its connection's
 * `max_concurrent_streams`, and that keeps the PEP from sending more. Nothing is begun either while records are not
 * written as fast as decisions are made, which `recordsLate` may tell before answers do; the first of each line is answered
 * even then before its time is over, but no sooner: each that is shed is one more record. Where there is no room, the newest
 * of the line that takes most of it is shed. Each connection of a batch is a call of its own here, in the line of its PEP's
 * batches, and what is shed of a batch is those connections alone. `clock` is monotonic.
 */
export function createAdmission(
  clock: Pick<Clock, 'monotonic'>,
  {
    room = mostWaiting,
    recordsLate = () => false,
  }: {
    readonly room?: { readonly calls: number; readonly bytes: number };
    readonly recordsLate?: () => boolean;
  } = {},
): Admission {
  const lines = createLines<WaitingCall>(({ bytes }) => bytes);
  const lateness = watchLateness(clock);
  const inWork = createArrivals<Work>();
  /** Until when calls of this turn are begun as they come; undefined before the first of a turn. */
  let turnEnd: number | undefined;
  /** When the last slice of waiting calls ended, while more wait. */
  let sliceEnded: number | undefined;
  /** Opens a turn where no answer and no call does. */
  let looking: NodeJS.Timeout | undefined;
  const counts = { mostWaiting: 0, shedWaited: 0, shedNoRoom: 0, abandoned: 0 };

  const shed = (call: WaitingCall, why: ShedReason): void => {
    if (why === 'waited') counts.shedWaited += 1;
    else counts.shedNoRoom += 1;
    try {
      call.shed(why);
    } catch {
      // Its own problem: thrown from here it would be that of all who wait, and of the worker.
    }
  };
  const mayBegin = (now: number): boolean => {
    if (inWork.size < mostWhileLate) return true;
    if (recordsLate()) return false;
    return inWork.size < mostInWork || now - (inWork.first?.since ?? now) < recordMs;
  };
  const begin = (call: WaitingCall, since: number): void => {
    const work = { since, ended: false };
    inWork.add(work);
    const done = (): void => {
      inWork.end(work);
      goOn();
    };
    try {
      call.begin().then(done, done);
    } catch {
      done();
    }
  };
  const next = (call: WaitingCall, now: number): void => {
    if (call.gone()) counts.abandoned += 1;
    else if (now >= latestStart(call)) shed(call, 'waited');
    else begin(call, now);
  };
  const endTurn = (): void => {
    turnEnd = undefined;
    if (lines.size === 0) return;
    let now = clock.monotonic();
    const otherwise = sliceEnded === undefined ? 0 : now - sliceEnded;
    const end = now + Math.min(longestSliceMs, Math.max(sliceMs, otherwise));
    const isOver = (call: WaitingCall): boolean => call.gone() || now >= lastAnswer(call);
    while (now < end) {
      // Who has no time left is answered in any case: nobody knows when something may be begun again.
      const call = mayBegin(now) ? lines.shift() : lines.shiftWhere(isOver);
      if (!call) break;
      next(call, now);
      now = clock.monotonic();
    }
    sliceEnded = lines.size > 0 ? now : undefined;
    if (lines.size === 0) return;
    // From within an immediate: sockets are read before it comes. Otherwise an answer opens the turn, or the timer.
    if (now >= end || mayBegin(now)) openTurn(now);
    else lookLater();
  };
  const openTurn = (now: number): void => {
    turnEnd = now + sliceMs;
    setImmediate(endTurn);
  };
  const goOn = (): void => {
    if (lines.size > 0 && turnEnd === undefined) openTurn(clock.monotonic());
  };
  const lookLater = (): void => {
    looking ??= setTimeout(() => {
      looking = undefined;
      goOn();
    }, lookMs).unref();
  };
  const makeRoom = (): void => {
    while (lines.size > room.calls || lines.weight > room.bytes) {
      // Who fills the room by a few long requests must not empty the lines of those who ask often and shortly.
      const last = lines.popMost(lines.weight > room.bytes ? 'weight' : 'length');
      if (!last) return;
      // Nobody waits for a denial of what was given up, and its record would cost as much as any.
      if (last.gone()) counts.abandoned += 1;
      else shed(last, 'no_room');
    }
  };

  return {
    arrivedAt: (now) => lateness.arrivedAt(now),
    enter: (call) => {
      const now = clock.monotonic();
      if (turnEnd === undefined) openTurn(now);
      if (lines.size === 0 && now < (turnEnd as number) && mayBegin(now)) return begin(call, now);
      lines.push(call.pep, call);
      makeRoom();
      counts.mostWaiting = Math.max(counts.mostWaiting, lines.size);
    },
    stats: () => {
      const stats = { waiting: lines.size, ...counts };
      counts.mostWaiting = lines.size;
      return stats;
    },
  };
}

/** Whoever asked hears of it then while he still listens (monotonic ms). */
function lastAnswer({ timing: { arrived, deadline } }: WaitingCall): number {
  return arrived + (deadline - arrived) * 0.9;
}

/** What is left of its time then is for what comes after it was begun (monotonic ms). */
function latestStart({ timing: { arrived, deadline }, mayWait = 0.5 }: WaitingCall): number {
  return arrived + (deadline - arrived) * mayWait;
}
