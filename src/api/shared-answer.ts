import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '../lib/clock.ts';

export interface SharingOptions {
  /** From the begin of one making to the begin of the next (ms), at least. */
  readonly apartMs: number;
  /** How long an answer is given again (ms) from when it was begun; 0: never to who asks after it was made. */
  readonly keptMs: number;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/**
 * Makes what many ask for no oftener than it may be made. Who asks while it is being made, or before it may be made again,
 * gets what comes of that one making, failures included; who asks after that gets the same again for as long as it is kept.
 * A failure is not kept.
 */
export function shareAnswer<T>(
  make: () => T | Promise<T>,
  { apartMs, keptMs, clock }: SharingOptions,
): () => Promise<T> {
  let begun = -Infinity;
  let kept: { readonly answer: T } | undefined;
  let next: Promise<T> | undefined;
  const making = async (): Promise<T> => {
    const early = begun + apartMs - clock.monotonic();
    if (early > 0) await pause(early);
    begun = clock.monotonic();
    kept = undefined;
    const answer = await make();
    kept = { answer };
    return answer;
  };
  return () => {
    if (kept && clock.monotonic() - begun < keptMs) return Promise.resolve(kept.answer);
    return (next ??= making().finally(() => (next = undefined)));
  };
}
