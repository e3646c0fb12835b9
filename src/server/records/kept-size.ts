import { measureKept, type Kept } from '../../audit/kept.ts';
import type { Clock } from '../../lib/clock.ts';

/** How old what is told may become while it is asked for (ms). */
const mostAgeMs = 5000;

/**
 * How much is kept for replay, as it was a moment ago: there may be a file for every CRL of many years, and whoever asks
 * for the status must not hold up records. Null before it is known, and where it cannot be read.
 */
export function watchKept(folder: string, clock: Pick<Clock, 'monotonic'>): () => Kept | null {
  let known: Kept | null = null;
  let at = -Infinity;
  let measuring = false;
  const measure = async (): Promise<void> => {
    known = await measureKept(folder);
    at = clock.monotonic();
    measuring = false;
  };
  const view = (): Kept | null => {
    if (!measuring && clock.monotonic() - at > mostAgeMs) {
      measuring = true;
      void measure();
    }
    return known;
  };
  view();
  return view;
}
