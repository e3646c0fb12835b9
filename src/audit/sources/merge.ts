import type { EpochMs } from '../../lib/clock.ts';

/** Which of two times comes first. */
export type Order = 'oldest' | 'newest';

/**
 * Merges what several logs have by time, each in its own order: where one is not in the order of time, what it has behind
 * that waits with it. Of the same time the earlier log goes first.
 */
export async function* mergeByTime<Item extends { readonly time: EpochMs }>(
  logs: readonly AsyncIterable<Item>[],
  order: Order,
): AsyncGenerator<Item> {
  const iterators = logs.map((log) => log[Symbol.asyncIterator]());
  try {
    const heads = await Promise.all(iterators.map((one) => one.next()));
    for (;;) {
      const place = firstOf(heads, order);
      if (place === undefined) return;
      const head = heads[place] as IteratorYieldResult<Item>;
      yield head.value;
      heads[place] = await (iterators[place] as AsyncIterator<Item>).next();
    }
  } finally {
    for (const one of iterators) await one.return?.();
  }
}

function firstOf<Item extends { readonly time: EpochMs }>(
  heads: readonly IteratorResult<Item>[],
  order: Order,
): number | undefined {
  let found: number | undefined;
  heads.forEach((head, place) => {
    if (head.done) return;
    const best = found === undefined ? undefined : (heads[found] as IteratorYieldResult<Item>).value.time;
    const isFirst =
      best === undefined || (order === 'oldest' ? head.value.time < best : head.value.time > best);
    if (isFirst) found = place;
  });
  return found;
}
