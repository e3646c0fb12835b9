import type { Clock } from '../../lib/clock.ts';
import { asPortreeveError } from '../../lib/errors.ts';
import { recordExpired } from '../../revocation/holds/expire.ts';
import type { Store } from '../../store/types.ts';

/** How often it is looked for holds that have come to their end (ms). */
const lookMs = 250;

/**
 * Records the end of each operator's hold as a change, and so as an act, also of those that ended while no server ran.
 * Decisions judge the end by their own time and wait for nothing here. Answers how to stop.
 */
export function recordHoldEnds(store: Store, clock: Clock, log: (line: string) => void): () => void {
  let failing = false;
  const look = (): void => {
    try {
      const ended = recordExpired(store, clock.now());
      if (ended > 0) log(`${ended} ${ended === 1 ? 'hold has' : 'holds have'} come to an end`);
      failing = false;
    } catch (thrown) {
      if (!failing) log(`ends of holds are not recorded: ${asPortreeveError(thrown).message}`);
      failing = true;
    }
  };
  look();
  const timer = setInterval(look, lookMs);
  return () => clearInterval(timer);
}
