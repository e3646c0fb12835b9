import type { Clock, EpochMs } from '../../lib/clock.ts';
import { describeThrown } from '../../lib/errors.ts';
import { createTrustedClock } from '../../lib/trusted-time.ts';
import type { ClockStanding, KeptTime, TrustedClock } from '../../lib/trusted-time.ts';
import { readKeptTime, writeKeptTime } from '../../store/kept-time.ts';
import type { StoredTime } from '../../store/kept-time.ts';
import type { Store } from '../../store/types.ts';
import { createLeapWatch } from './leap-watch.ts';
import type { Leap } from './leap-watch.ts';
import { knownTime } from './known-time.ts';
import type { TimeRules } from './known-time.ts';

/** How often the clock is looked at, and how often the kept time is written (ms). */
const lookMs = 1000;
const writeMs = 60_000;

/**
 * While the clock is trusted, the kept time goes on at least so fast by the monotonic clock: else one that is held still,
 * or set back within the tolerance again and again, would be trusted for ever. A little slower than time itself, so that
 * NTP's small steps back do not add up.
 */
const slowest = 0.99;

export interface TimeKeeperOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly rules: () => TimeRules;
  /** Told of every newer kept time. */
  readonly onKept: (time: KeptTime) => void;
  readonly log: (line: string) => void;
}

/** What is to be told of the clock. */
export interface ClockView {
  readonly standing: ClockStanding | null;
  readonly kept: EpochMs;
  readonly confirmed: EpochMs;
  readonly leap: Leap | null;
}

/** Keeps the latest trusted time, for the whole server and on disk. */
export interface TimeKeeper {
  readonly clock: TrustedClock;
  /** The same, but not ahead of what is known by more than a clock may leap: for what cannot be undone. */
  readonly cautious: Clock;
  time(): KeptTime;
  view(): ClockView;
  /** Looks at the clock now; otherwise it does so every second. */
  look(): void;
  /** Writes the kept time and ends. */
  stop(): void;
}

/**
 * Starts to keep time. The kept time only grows: with the clock while it goes evenly, with the monotonic clock while the
 * clock is behind, hardly moves or has leapt ahead, and to the thisUpdate of every newer CRL. What was written before a
 * power cut is at most a minute old. A store that cannot be written is told once; the time is then kept in memory.
 */
export function startTimeKeeper(options: TimeKeeperOptions): TimeKeeper {
  const { store, clock: real, rules, onKept, log } = options;
  let known: StoredTime = knownTime(store, real.now(), rules());
  let since = real.monotonic();
  let written = -Infinity;
  let behind = false;
  let failing = false;
  const clock = createTrustedClock(real, known, () => rules().tolerance);
  const leaps = createLeapWatch(rules);

  const guarded = (act: () => void): void => {
    try {
      act();
      failing = false;
    } catch (thrown) {
      if (!failing) log(`the trusted time is not kept on disk: ${describeThrown(thrown)}`);
      failing = true;
    }
  };
  const write = (): void =>
    guarded(() => {
      writeKeptTime(store, known);
      written = real.monotonic();
    });
  const keep = (next: StoredTime): void => {
    known = next;
    since = real.monotonic();
    clock.keep(known);
    onKept(known);
  };
  const readNews = (): void =>
    guarded(() => {
      const news = knownTime(store, real.now(), rules());
      if (news.resets > known.resets) {
        log('the kept time was reset');
        leaps.forget();
        keep(news);
      } else if (news.kept > expected() || news.confirmed > known.confirmed) {
        keep({
          ...known,
          kept: Math.max(news.kept, expected()),
          confirmed: Math.max(news.confirmed, known.confirmed),
        });
      }
    });
  const expected = (): EpochMs => known.kept + (real.monotonic() - since);
  const look = (): void => {
    readNews();
    const standing = clock.standing();
    const [system, monotonic, counted] = [real.now(), real.monotonic(), expected()];
    if (standing) keep({ ...known, kept: counted });
    else {
      const least = known.kept + (counted - known.kept) * slowest;
      const kept = Math.max(least, leaps.believable(system, monotonic, counted));
      keep({ ...known, kept, confirmed: Math.max(known.confirmed, Math.floor(kept)) });
    }
    if ((standing !== null) !== behind) {
      behind = standing !== null;
      log(
        behind
          ? 'the clock is behind the kept time: nothing is allowed without clock grace'
          : 'the clock is trusted again',
      );
      write();
    }
    if (real.monotonic() - written >= writeMs) write();
  };

  // Where nothing was kept yet, there is nothing that the clock could have leapt from.
  if (readKeptTime(store) === undefined) leaps.believe();
  look();
  const timer = setInterval(look, lookMs);
  return {
    clock,
    cautious: {
      monotonic: () => real.monotonic(),
      now: () => Math.min(clock.now(), expected() + rules().max_leap),
    },
    time: () => ({ kept: expected(), confirmed: known.confirmed }),
    view: () => ({
      standing: clock.standing(),
      kept: Math.floor(expected()),
      confirmed: Math.floor(known.confirmed),
      leap: leaps.current(),
    }),
    look,
    stop: () => {
      clearInterval(timer);
      look();
      write();
    },
  };
}
