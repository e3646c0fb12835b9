import { canonicalJson } from '../lib/canonical-json.ts';

/** What an import makes of the rows that are there, by their keys. */
export interface CatalogueDifference<Draft> {
  readonly added: readonly Draft[];
  readonly changed: readonly { readonly before: Draft; readonly after: Draft }[];
  readonly removed: readonly Draft[];
  readonly unchanged: number;
}

/** Compares what a file says with what is there; rows that a file does not name go only where it is the `whole`. */
export function catalogueDifference<Draft>(
  present: ReadonlyMap<string, Draft>,
  wanted: ReadonlyMap<string, Draft>,
  whole: boolean,
): CatalogueDifference<Draft> {
  const added: Draft[] = [];
  const changed: { before: Draft; after: Draft }[] = [];
  let unchanged = 0;
  for (const [key, after] of wanted) {
    const before = present.get(key);
    if (before === undefined) added.push(after);
    else if (canonicalJson(before) === canonicalJson(after)) unchanged += 1;
    else changed.push({ before, after });
  }
  const removed = whole ? [...present].flatMap(([key, row]) => (wanted.has(key) ? [] : [row])) : [];
  return { added, changed, removed, unchanged };
}

/** Rows of a difference that a record of changes names; the rest is counted. */
const mostTold = 20;

/** The first rows of each kind in words, as the record of changes and dry runs tell them. */
export function toldDifference<Draft>(
  { added, changed, removed }: CatalogueDifference<Draft>,
  text: (draft: Draft) => string,
): Readonly<Record<'added' | 'changed' | 'removed', readonly string[]>> {
  return {
    added: added.slice(0, mostTold).map(text),
    changed: changed.slice(0, mostTold).map(({ before, after }) => `${text(before)} -> ${text(after)}`),
    removed: removed.slice(0, mostTold).map(text),
  };
}
