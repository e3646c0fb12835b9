/** The while in which this thread goes on without reading anything further from outside. */
export interface Moment {
  readonly over: boolean;
}

let current: { over: boolean } | undefined;

/**
 * The moment that it is: the same for all that ask before the microtasks which wait now have run. Everything that has been
 * read from a socket by then was sent before the moment began to be used, so that state which is read once within it is
 * as new for each of these requests as if it were read for that one alone.
 */
export function thisMoment(): Moment {
  if (current) return current;
  const moment = { over: false };
  current = moment;
  queueMicrotask(() => {
    moment.over = true;
    current = undefined;
  });
  return moment;
}
