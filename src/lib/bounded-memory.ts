/**
 * What is remembered of many, each under two keys, in bounded memory. What whoever connects merely claims may take the
 * room that is free, and of the rest a tenth: however many come up with however much, it stays known who is really there.
 */
export interface BoundedMemory<Key, Value> {
  /**
   * What is kept under both keys, before what was claimed under them. What was found goes on being kept where others must
   * make room.
   */
  find(group: string, key: Key): { readonly value: Value } | undefined;
  /** Keeps a value in the place of the one before. Answers how many others made room for it: one at most. */
  keep(group: string, key: Key, value: Value, claimed: boolean): number;
  /** Forgets whatever is kept under both keys. */
  drop(group: string, key: Key): void;
  /** Forgets everything. Answers how much that was. */
  forget(): number;
  size(): number;
}

interface Kept<Value> {
  value: Value;
  /** It was found since it was last looked at whether it must make room. */
  found: boolean;
}

type Groups<Key, Value> = Map<string, Map<Key, Kept<Value>>>;

/** Values, and what goes round among them to find one that was not asked for. */
interface Part<Key, Value> {
  readonly groups: Groups<Key, Value>;
  size: number;
  hand: Iterator<undefined, never>;
}

/** Makes a memory of at most so many entries, one at least. */
export function createBoundedMemory<Key, Value>(mostEntries: number): BoundedMemory<Key, Value> {
  const mostClaimed = Math.max(1, Math.floor(mostEntries / 10));
  const [there, claims] = [emptyPart<Key, Value>(), emptyPart<Key, Value>()];
  const size = (): number => there.size + claims.size;
  const makeRoom = (claimed: boolean): number => {
    if (size() < Math.max(1, mostEntries)) return 0;
    // A claim pushes claims out as soon as they have their share, the others only where they have more than that.
    const enough = claims.size >= (claimed ? mostClaimed : mostClaimed + 1);
    const part = enough || there.size === 0 ? claims : there;
    part.hand.next();
    part.size -= 1;
    return 1;
  };
  return {
    find: (group, key) => {
      const known = there.groups.get(group)?.get(key) ?? claims.groups.get(group)?.get(key);
      if (known) known.found = true;
      return known;
    },
    keep: (group, key, value, claimed) => {
      const part = claimed ? claims : there;
      const known = part.groups.get(group)?.get(key);
      if (known) {
        known.value = value;
        return 0;
      }
      const gone = makeRoom(claimed);
      let others = part.groups.get(group);
      if (!others) part.groups.set(group, (others = new Map<Key, Kept<Value>>()));
      others.set(key, { value, found: false });
      part.size += 1;
      return gone;
    },
    drop: (group, key) => {
      for (const part of [there, claims]) if (part.groups.get(group)?.delete(key)) part.size -= 1;
    },
    forget: () => {
      const gone = size();
      if (gone > 0) for (const part of [there, claims]) Object.assign(part, emptyPart<Key, Value>());
      return gone;
    },
    size,
  };
}

function emptyPart<Key, Value>(): Part<Key, Value> {
  const groups: Groups<Key, Value> = new Map<string, Map<Key, Kept<Value>>>();
  return { groups, size: 0, hand: takingOut(groups) };
}

/**
 * Takes out one entry a turn: the next one that was not found since it was last come by. To be found costs an entry a
 * mark then and no other place, and each makes room by itself: memories that are full do not empty all at once.
 */
function* takingOut<Key, Value>(groups: Groups<Key, Value>): Generator<undefined, never> {
  for (;;) {
    for (const [group, kept] of [...groups]) {
      // No further than to what was there when the round began: it would stay with the newest for ever, one by one.
      let left = kept.size;
      for (const [key, one] of kept) {
        if (left-- === 0) break;
        if (one.found) one.found = false;
        else {
          kept.delete(key);
          yield;
        }
      }
      if (kept.size === 0) groups.delete(group);
    }
  }
}
