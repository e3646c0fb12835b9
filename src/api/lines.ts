/** Lines of those who wait, by name, which are served in turn: one from each. */
export interface Lines<Item> {
  /** How many wait in all lines together. */
  readonly size: number;
  push(line: string, item: Item): void;
  /** The longest waiting of the line whose turn it is. */
  shift(): Item | undefined;
  /** The last of the longest line. */
  popLongest(): Item | undefined;
}

interface Line<Item> {
  readonly name: string;
  readonly items: Item[];
  /** How many of `items` have left at the front. */
  left: number;
}

/** After so many have left, an array is cut; moving it for each would cost its length. */
const cutAfter = 256;

/** Lines that exist while somebody waits in them. */
export function createLines<Item>(): Lines<Item> {
  const byName = new Map<string, Line<Item>>();
  /** In the order of their turns. */
  const turns: Line<Item>[] = [];
  let size = 0;
  const lengthOf = ({ items, left }: Line<Item>): number => items.length - left;
  const drop = (line: Line<Item>): void => {
    byName.delete(line.name);
    const at = turns.indexOf(line);
    if (at >= 0) turns.splice(at, 1);
  };
  return {
    get size() {
      return size;
    },
    push: (name, item) => {
      let line = byName.get(name);
      if (!line) {
        line = { name, items: [], left: 0 };
        byName.set(name, line);
        turns.push(line);
      }
      line.items.push(item);
      size += 1;
    },
    shift: () => {
      const line = turns.shift();
      if (!line) return undefined;
      const item = line.items[line.left] as Item;
      line.left += 1;
      size -= 1;
      if (lengthOf(line) === 0) byName.delete(line.name);
      else turns.push(line);
      if (line.left >= cutAfter) {
        line.items.splice(0, line.left);
        line.left = 0;
      }
      return item;
    },
    popLongest: () => {
      const [first, ...others] = turns;
      if (!first) return undefined;
      const longest = others.reduce((most, line) => (lengthOf(line) > lengthOf(most) ? line : most), first);
      const item = longest.items.pop() as Item;
      size -= 1;
      if (lengthOf(longest) === 0) drop(longest);
      return item;
    },
  };
}
