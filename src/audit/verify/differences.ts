import { hashBytes } from '../tlog/hash.ts';
import { entriesText } from './findings.ts';
import type { Findings } from './findings.ts';

/**
 * Says how the entries of a bundle that begins at `first` differ from what was signed. `shift` is by how much the
 * entries of the bundle before had moved up (removed before) or down (added before); answers that of this one's last.
 */
export function tellDifferences(
  found: Buffer,
  signed: Buffer,
  first: number,
  shift: number,
  findings: Findings,
): number {
  const [is, was] = [hashesOf(found), hashesOf(signed)];
  const at = new Map(was.map((hash, place) => [hash, place]));
  const known = new Set(is);
  const kept = is.map((hash) => at.get(hash)).filter((place) => place !== undefined);
  const last = is.findLastIndex((hash) => at.has(hash));
  const after = last < 0 ? shift : (at.get(is[last] as string) as number) - last;
  // What moved into this bundle from its neighbours, or out to them, was neither added nor removed.
  const removed = was.flatMap((hash, place) =>
    known.has(hash) || place < shift || (after < 0 && place >= is.length + after) ? [] : [place],
  );
  const added = is.flatMap((hash, place) =>
    at.has(hash) || place < -shift || (after > 0 && place + after >= was.length) ? [] : [place],
  );
  const changed = removed.filter((place) => added.includes(place));
  tellRuns(changed, first, (from, to) =>
    findings.fail(
      'entry.changed',
      from,
      from === to
        ? `entry ${from} was changed: it is not what was signed`
        : `${entriesText(from, to)} were changed: they are not what was signed`,
    ),
  );
  tellRuns(without(removed, changed), first, (from, to) =>
    findings.fail('entry.removed', from, `${entriesText(from, to)} ${from === to ? 'was' : 'were'} removed`),
  );
  tellRuns(without(added, changed), first, (from, to) => {
    const what = from === to ? 'an entry was' : `${to - from + 1} entries were`;
    findings.fail('entry.added', from, `${what} added at ${from}`);
  });
  const moved = kept.flatMap((place, index) => (isMoved(kept, index) ? [place] : []));
  if (moved.length > 0) {
    const [from, to] = [first + Math.min(...moved), first + Math.max(...moved)];
    findings.fail('entry.reordered', from, `entries ${from} to ${to} stand in another order than was signed`);
  }
  return after;
}

/** Hashes as texts that differ from each other: the second of the same is another one. */
function hashesOf(row: Buffer): readonly string[] {
  const times = new Map<string, number>();
  return Array.from({ length: row.byteLength / hashBytes }, (_, place) => {
    const hash = row.toString('latin1', place * hashBytes, (place + 1) * hashBytes);
    const before = times.get(hash) ?? 0;
    times.set(hash, before + 1);
    return before === 0 ? hash : `${hash}${before}`;
  });
}

/** Whether something that should stand behind it stands before, or the other way round. */
function isMoved(places: readonly number[], index: number): boolean {
  const own = places[index] as number;
  return places.some((other, at) => (at < index ? other >= own : at > index && other <= own));
}

function without(places: readonly number[], others: readonly number[]): readonly number[] {
  return places.filter((place) => !others.includes(place));
}

function tellRuns(places: readonly number[], first: number, tell: (from: number, to: number) => void): void {
  for (let at = 0; at < places.length;) {
    let end = at;
    while (places[end + 1] === (places[end] as number) + 1) end += 1;
    tell(first + (places[at] as number), first + (places[end] as number));
    at = end + 1;
  }
}
