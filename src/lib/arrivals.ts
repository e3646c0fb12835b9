/** Something that came and will end. */
export interface Passing {
  ended: boolean;
}

/** What has come and not ended, in the order in which it came. */
export interface Arrivals<One extends Passing> extends Iterable<One> {
  readonly size: number;
  /** The first of them. */
  readonly first: One | undefined;
  add(one: One): void;
  /** Marks it as ended; again is once. */
  end(one: One): void;
}

/** Ended ones that are dropped together: few, or most of them wait so long for it that they become old. */
const portion = 32;

/**
 * Keeps what comes in its order; the ended ones among them go many at a time. A set or a map would be rebuilt every few
 * of them, and what it was before then lives on, with all that it led to, until old memory is collected.
 */
export function createArrivals<One extends Passing>(): Arrivals<One> {
  let all: One[] = [];
  let [first, size] = [0, 0];
  return {
    get size() {
      return size;
    },
    get first() {
      return all[first];
    },
    add: (one) => {
      all.push(one);
      size += 1;
    },
    end: (one) => {
      if (one.ended) return;
      one.ended = true;
      size -= 1;
      while (all[first]?.ended) first += 1;
      // Also where one that takes long stands before many that have ended.
      if (all.length <= 2 * size + portion) return;
      all = all.filter(({ ended }) => !ended);
      first = 0;
    },
    *[Symbol.iterator]() {
      for (const one of all.slice(first)) if (!one.ended) yield one;
    },
  };
}
