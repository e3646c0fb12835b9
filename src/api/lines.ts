/** Lines of those who wait, by name, which are served in turn: one from each. */
export interface Lines<Item> {
  /** How many wait in all lines together. */
  readonly size: number;
  /** What they weigh together. */
  readonly weight: number;
  push(line: string, item: Item): void;
  /** The longest waiting of the line whose turn it is. */
  shift(): Item | undefined;
  /** As `shift`, of the next line whose longest waiting is wanted; lines that are passed over keep their turns. */
  shiftWhere(wanted: (item: Item) => boolean): Item | undefined;
  /** The last of the line in which the most wait, or of the one that weighs most. */
  popMost(by: 'length' | 'weight'): Item | undefined;
}

interface Line<Item> {
  readonly name: string;
  /** Those that have left at the front are undefined, so that nothing holds them. */
  readonly items: (Item | undefined)[];
  /** How many of `items` have left at the front. */
  left: number;
  weight: number;
}

/** After so many have left, an array is cut; moving it for each would cost its length. */
const cutAfter = 256;

/** Lines that exist while somebody waits in them. */
export function createLines<Item>(weigh: (item: Item) => number = () => 0): Lines<Item> {
  const byName = new Map<string, Line<Item>>();
  /** In the order of their turns. */
  const turns: Line<Item>[] = [];
  let size = 0;
  let weight = 0;
  const lengthOf = ({ items, left }: Line<Item>): number => items.length - left;
  const drop = (line: Line<Item>): void => {
    byName.delete(line.name);
    const at = turns.indexOf(line);
    if (at >= 0) turns.splice(at, 1);
  };
  const weightOf = (line: Line<Item>): number => line.weight;
  const leaves = (line: Line<Item>, item: Item): void => {
    size -= 1;
    line.weight -= weigh(item);
    weight -= weigh(item);
  };
  /** Of a line that was taken from `turns`; its next turn comes after all others. */
  const takeFirst = (line: Line<Item>): Item => {
    const item = line.items[line.left] as Item;
    line.items[line.left] = undefined;
    line.left += 1;
    leaves(line, item);
    if (lengthOf(line) === 0) byName.delete(line.name);
    else turns.push(line);
    if (line.left >= cutAfter) {
      line.items.splice(0, line.left);
      line.left = 0;
    }
    return item;
  };
  return {
    get size() {
      return size;
    },
    get weight() {
      return weight;
    },
    push: (name, item) => {
      let line = byName.get(name);
      if (!line) {
        line = { name, items: [], left: 0, weight: 0 };
        byName.set(name, line);
        turns.push(line);
      }
      line.items.push(item);
      line.weight += weigh(item);
      weight += weigh(item);
      size += 1;
    },
    shift: () => {
      const line = turns.shift();
      return line && takeFirst(line);
    },
    shiftWhere: (wanted) => {
      const at = turns.findIndex(({ items, left }) => wanted(items[left] as Item));
      const [line] = at < 0 ? [] : turns.splice(at, 1);
      return line && takeFirst(line);
    },
    popMost: (by) => {
      const [first, ...others] = turns;
      if (!first) return undefined;
      const measure = by === 'length' ? lengthOf : weightOf;
      const most = others.reduce((found, line) => (measure(line) > measure(found) ? line : found), first);
      const item = most.items.pop() as Item;
      leaves(most, item);
      if (lengthOf(most) === 0) drop(most);
      return item;
    },
  };
}
