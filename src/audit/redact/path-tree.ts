/** Paths of members, as they are gone along from the outside in. */
interface Branch {
  /** A path ends here: all below is named. */
  ends: boolean;
  readonly members: Map<string, Branch>;
}

/** Where in the paths a place of a record is. */
export interface Reach {
  readonly named: boolean;
  readonly branches: readonly Branch[];
}

const nowhere: Reach = { named: false, branches: [] };
const everywhere: Reach = { named: true, branches: [] };

/** The beginning of paths; `*` in them is any name. */
export function pathTree(paths: readonly (readonly string[])[]): Reach {
  const root: Branch = { ends: false, members: new Map() };
  for (const path of paths) {
    let branch = root;
    for (const name of path) {
      let next = branch.members.get(name);
      if (!next) branch.members.set(name, (next = { ends: false, members: new Map() }));
      branch = next;
    }
    branch.ends = true;
  }
  return { named: false, branches: [root] };
}

/** One name further on. */
export function step({ named, branches }: Reach, name: string): Reach {
  if (named) return everywhere;
  const on: Branch[] = [];
  for (const { members } of branches) {
    for (const next of [members.get(name), members.get('*')]) {
      if (next?.ends) return everywhere;
      if (next) on.push(next);
    }
  }
  return on.length === 0 ? nowhere : { named: false, branches: on };
}
