import { PortreeveError, describeThrown } from '../../lib/errors.ts';

/** What a busy server answered and asked for, kept as the error's cause. */
interface Busy {
  readonly status?: number | undefined;
  readonly retryAfterMs?: number | undefined;
}

/** A source that could not be had just now: down, late, cut off. Trying again may mend it. */
export function unavailable(message: string, cause?: unknown): PortreeveError {
  return new PortreeveError('PDP_SOURCE_UNAVAILABLE', message, { cause });
}

/** A source that answered with what may not be used: too large, led elsewhere, not signed as it must be. */
export function refused(message: string, cause?: unknown): PortreeveError {
  return new PortreeveError('PDP_SOURCE_REFUSED', message, { cause });
}

/** As `unavailable`, with the HTTP status of the answer and the time that the server asked to be left alone for (ms). */
export function busy(message: string, retryAfterMs: number | undefined, status?: number): PortreeveError {
  return unavailable(message, { retryAfterMs, status } satisfies Busy);
}

/** The HTTP status that was answered instead of what was asked for; undefined where none was. */
export function statusOf(thrown: unknown): number | undefined {
  const cause = thrown instanceof PortreeveError ? thrown.cause : undefined;
  return typeof cause === 'object' && cause !== null && 'status' in cause
    ? (cause as Busy).status
    : undefined;
}

/** How long the server asked to be left alone (Retry-After), milliseconds; undefined where it did not. */
export function retryAfterOf(thrown: unknown): number | undefined {
  const cause = thrown instanceof PortreeveError ? thrown.cause : undefined;
  return typeof cause === 'object' && cause !== null && 'retryAfterMs' in cause
    ? (cause as Busy).retryAfterMs
    : undefined;
}

/** A URL for people: without its query, which may hold what a redirect signed for us alone. */
export function shownUrl(url: URL): string {
  return `${url.origin}${url.pathname}${url.search === '' ? '' : '?…'}`;
}

/** Whatever a network or file operation threw, as `unavailable` with the system's code. */
export function asUnavailable(thrown: unknown, about: string): PortreeveError {
  if (thrown instanceof PortreeveError) return thrown;
  const { code } = thrown as NodeJS.ErrnoException;
  const words = describeThrown(thrown);
  const text = code && !words.includes(code) ? `${words} (${code})` : words;
  return unavailable(`${about}: ${text || (code ?? 'failed without a word')}`, thrown);
}
