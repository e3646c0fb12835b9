/** Runs what comes one by one, and leaves a pause in between. */
export interface Pacing {
  /** Runs it with the next turn of the event loop, or where something ran a moment ago, when the pause is over. */
  next(run: () => void): void;
}

/**
 * Paces work that is cheaper in larger portions: what comes now and then runs at once, what comes often runs every
 * `pauseMs()`, and its portions grow. At most one may be due at a time; its owner adds to it until it runs.
 */
export function createPacing(pauseMs: () => number): Pacing {
  let pausing = false;
  let due: (() => void) | undefined;
  const begin = (run: () => void): void => {
    pausing = true;
    setTimeout(() => {
      pausing = false;
      const waiting = due;
      due = undefined;
      if (waiting) begin(waiting);
    }, pauseMs());
    run();
  };
  return {
    next: (run) => {
      if (pausing) due = run;
      else setImmediate(begin, run);
    },
  };
}
