import { getHeapStatistics, setFlagsFromString } from 'node:v8';

/** Bytes up to which a heap may grow between two full collections, where what lives in it leaves room. */
export const mostHeap = { worker: 120 * 1024 * 1024, parent: 80 * 1024 * 1024 } as const;

/** How much a heap may grow at least and at most, in percent of what lives in it. */
const [leastGrowth, mostGrowth] = [15, 250];

/** Between two looks at the heap (ms), and how many of them the lowest is taken from as what lives. */
const [lookMs, looks] = [500, 20];

/**
 * By how many percent a heap may grow over what lives in it (bytes) before all of it is collected again: a small one
 * by much, because marking costs the same however much is garbage, and a large one by little, because its process has
 * to stay below 300 MB.
 */
export function growthPercent(live: number, most: number = mostHeap.worker): number {
  return Math.round(Math.min(mostGrowth, Math.max(leastGrowth, (most / live - 1) * 100)));
}

/**
 * Keeps V8's growing factor at what suits the heap as it is now. Without it the factor follows from the heap's limit
 * alone: a limit that keeps a large heap small makes a small one be collected all the time.
 */
export function paceHeap(
  most: number,
  used: () => number = () => getHeapStatistics().used_heap_size,
  set: (percent: number) => void = (percent) =>
    setFlagsFromString(`--heap-growing-percent=${percent.toFixed(0)}`),
): { readonly look: () => void } {
  let seen: number[] = [];
  let last: number | undefined;
  const look = (): void => {
    // Right after a collection little but what lives is left: the lowest of many looks comes near it.
    seen = [...seen.slice(1 - looks), used()];
    const percent = growthPercent(Math.min(...seen), most);
    if (percent === last) return;
    last = percent;
    set(percent);
  };
  look();
  setInterval(look, lookMs).unref();
  return { look };
}
