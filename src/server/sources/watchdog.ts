import type { PortreeveError } from '../../lib/errors.ts';
import { unavailable } from './failures.ts';
import type { FetchTimeouts } from './fetch-options.ts';

/** Ends an exchange that takes too long; the first thing that it has against one is its failure. */
export interface Watchdog {
  /** What ended the exchange, if this did. */
  readonly failure: PortreeveError | undefined;
  /** Fires when the exchange is to end. */
  readonly signal: AbortSignal;
  /** From here on so many milliseconds of silence are borne. */
  expect(what: string, ms: number): void;
  /** Silence is not the other side's now: we are not reading. */
  pause(): void;
  stop(): void;
}

/** Begins to watch: `total` counts from here. `outer` ends the exchange as well. */
export function startWatchdog(
  about: string,
  timeouts: FetchTimeouts,
  outer: AbortSignal | undefined,
): Watchdog {
  const ending = new AbortController();
  let failure: PortreeveError | undefined;
  let silence: NodeJS.Timeout | undefined;
  const end = (message: string): void => {
    failure ??= unavailable(`${about}: ${message}`);
    ending.abort(failure);
  };
  const total = setTimeout(() => end(`not finished within ${timeouts.total} ms`), timeouts.total);
  const onOuter = (): void => end('ended from our side');
  outer?.addEventListener('abort', onOuter);
  if (outer?.aborted) onOuter();
  return {
    get failure() {
      return failure;
    },
    signal: ending.signal,
    expect: (what, ms) => {
      clearTimeout(silence);
      silence = setTimeout(() => end(`${what} within ${ms} ms`), ms);
    },
    pause: () => clearTimeout(silence),
    stop: () => {
      clearTimeout(silence);
      clearTimeout(total);
      outer?.removeEventListener('abort', onOuter);
    },
  };
}
