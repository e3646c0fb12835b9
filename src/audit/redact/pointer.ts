/** JSON pointers (RFC 6901). */

/** The pointer of a member or element below another. */
export function below(pointer: string, name: string | number): string {
  if (typeof name === 'number') return `${pointer}/${name}`;
  // Hardly any name has them, and every name of every record comes by.
  if (!name.includes('~') && !name.includes('/')) return `${pointer}/${name}`;
  return `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** The names of a pointer; undefined where it is none. */
export function namesOf(pointer: string): readonly string[] | undefined {
  if (pointer === '') return [];
  if (!pointer.startsWith('/')) return undefined;
  return pointer
    .slice(1)
    .split('/')
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** What stands at a pointer; undefined where nothing does. */
export function valueAt(root: unknown, pointer: string): unknown {
  let value = root;
  for (const name of namesOf(pointer) ?? [undefined]) {
    if (typeof value !== 'object' || value === null || name === undefined) return undefined;
    if (!Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

/** Other values by the names that lead to them. */
interface Changed {
  readonly members: Map<string, Changed>;
  /** In a list of its own: what stands there may be undefined. */
  value?: readonly [unknown];
}

/** The root with other values at pointers; what is changed is copied, once, and what is not there is left so. */
export function withValues<T>(root: T, values: ReadonlyMap<string, unknown>): T {
  const changed: Changed = { members: new Map() };
  for (const [pointer, value] of values) {
    let at: Changed = changed;
    const names = namesOf(pointer);
    if (!names) continue;
    for (const name of names) {
      let next = at.members.get(name);
      if (!next) at.members.set(name, (next = { members: new Map() }));
      at = next;
    }
    at.value = [value];
  }
  return withChanged(root, changed) as T;
}

function withChanged(root: unknown, { members, value }: Changed): unknown {
  if (value) return value[0];
  if (typeof root !== 'object' || root === null) return root;
  const copy = (Array.isArray(root) ? [...(root as unknown[])] : { ...root }) as Record<string, unknown>;
  for (const [name, inner] of members)
    if (Object.hasOwn(root, name) && (name !== 'length' || !Array.isArray(root)))
      copy[name] = withChanged(copy[name], inner);
  return copy;
}
