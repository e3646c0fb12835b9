/** A call that was begun. */
export interface Work {
  /** When (monotonic ms). */
  readonly since: number;
  ended: boolean;
}

/** Calls that were begun and are not answered. */
export interface InWork {
  readonly size: number;
  /** When the first of them was begun (monotonic ms); Infinity where there is none. */
  readonly oldest: number;
  /** `since` is that of the call before it or later. */
  add(since: number): Work;
  end(work: Work): void;
}

/** Ended ones that are dropped together. */
const portion = 256;

/**
 * Keeps calls in the order in which they were begun; the ended ones among them go many at a time. A set would be rebuilt
 * every few calls, and what it was before then lives on until old memory is collected.
 */
export function createInWork(): InWork {
  let begun: Work[] = [];
  let [first, size] = [0, 0];
  return {
    get size() {
      return size;
    },
    get oldest() {
      return begun[first]?.since ?? Infinity;
    },
    add: (since) => {
      const work = { since, ended: false };
      begun.push(work);
      size += 1;
      return work;
    },
    end: (work) => {
      if (work.ended) return;
      work.ended = true;
      size -= 1;
      while (begun[first]?.ended) first += 1;
      // Also where one that takes long stands before many that have ended.
      if (begun.length <= 2 * size + portion) return;
      begun = begun.filter(({ ended }) => !ended);
      first = 0;
    },
  };
}
