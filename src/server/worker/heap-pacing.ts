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
export function growthPercent(live: number, most: number): number {
  return Math.round(Math.min(mostGrowth, Math.max(leastGrowth, (most / live - 1) * 100)));
}

/** What an entry of a memory takes, on average of all memories of a worker that are full (bytes). */
const entryBytes = 2048;

/**
 * Keeps V8's growing factor at what suits the heap as it is now. Without it the factor follows from the heap's limit
 * alone: a limit that keeps a large heap small makes a small one be collected all the time. `kept` is how many entries are
 * remembered: while memories fill, what lives is more at each collection than it was at the one before.
 */
export function paceHeap(
  most: number,
  kept: () => number = () => 0,
  used: () => number = () => getHeapStatistics().used_heap_size,
  set: (percent: number) => void = (percent) =>
    setFlagsFromString(`--heap-growing-percent=${percent.toFixed(0)}`),
): { readonly look: () => void } {
  let seen: readonly { readonly used: number; readonly entries: number }[] = [];
  let last: number | undefined;
  const look = (): void => {
    const now = { used: used(), entries: kept() * entryBytes };
    seen = [...seen.slice(1 - looks), now];
    // Right after a collection little but what lives is left: the lowest of many looks comes near it. What has been
    // remembered since then lives too; what has been forgotten will be remembered again.
    const live = seen.map(({ used, entries }) => used + Math.max(0, now.entries - entries));
    const percent = growthPercent(Math.min(...live), most);
    if (percent === last) return;
    last = percent;
    set(percent);
  };
  look();
  setInterval(look, lookMs).unref();
  return { look };
}
