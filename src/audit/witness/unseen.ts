import type { OutsiderQuestion, Sighting, Stretch } from './types.ts';

/** A size, and the earliest time at which an outsider had seen a tree as large. */
interface FirstSeen {
  readonly size: number;
  readonly at: number;
}

/**
 * The stretches of a log between what outsiders saw of it, in the order of its entries. Entries count as seen from the
 * earliest time at which any outsider had seen a tree that has them; the last stretch is what nobody has seen yet. A
 * stretch without entries is none. Empty only for an empty log.
 */
export function stretchesOf(
  sightings: readonly Pick<Sighting, 'size' | 'at'>[],
  { current, span }: OutsiderQuestion,
): readonly Stretch[] {
  const seen = firstSeen(sightings);
  const ends: Stretch['to'][] = seen.map(({ size, at }) => ({ size, at, seen: true }));
  const last = seen.at(-1)?.size ?? 0;
  if (last < current.size) ends.push({ size: current.size, at: span?.last ?? null, seen: false });
  let from: Stretch['from'] = { size: 0, at: span?.first ?? null };
  return ends.map((to) => {
    const stretch = { from, to, entries: to.size - from.size, ms: between(from.at, to.at) };
    from = { size: to.size, at: to.at };
    return stretch;
  });
}

/** The stretch that was unseen the longest, and the one with the most entries; undefined where there is none. */
export function worstOf(
  stretches: readonly Stretch[],
): { readonly time: Stretch; readonly entries: Stretch } | undefined {
  const [first] = stretches;
  if (first === undefined) return undefined;
  const most = (of: (one: Stretch) => number): Stretch =>
    stretches.reduce((worst, one) => (of(one) > of(worst) ? one : worst), first);
  return { time: most(({ ms }) => ms ?? -1), entries: most(({ entries }) => entries) };
}

/** From the largest size down: whoever saw a larger tree no later saw all that is in a smaller one. */
function firstSeen(sightings: readonly Pick<Sighting, 'size' | 'at'>[]): FirstSeen[] {
  const found: FirstSeen[] = [];
  for (const { size, at } of sightings.toSorted((a, b) => b.size - a.size || a.at - b.at)) {
    if (size > 0 && at < (found.at(-1)?.at ?? Infinity)) found.push({ size, at });
  }
  return found.reverse();
}

function between(from: number | null, to: number | null): number | null {
  return from === null || to === null ? null : Math.max(0, to - from);
}
