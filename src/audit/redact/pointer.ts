/** JSON pointers (RFC 6901). */

/** The pointer of a member or element below another. */
export function below(pointer: string, name: string | number): string {
  if (typeof name === 'number') return `${pointer}/${name}`;
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

/** The root with other values at pointers; what is changed is copied, what is not there is left so. */
export function withValues<T>(root: T, values: ReadonlyMap<string, unknown>): T {
  let result: unknown = root;
  for (const [pointer, value] of values) {
    const names = namesOf(pointer);
    if (names) result = withValue(result, names, value);
  }
  return result as T;
}

function withValue(root: unknown, [name, ...rest]: readonly string[], value: unknown): unknown {
  if (name === undefined) return value;
  if (typeof root !== 'object' || root === null || !Object.hasOwn(root, name)) return root;
  const inner = withValue((root as Record<string, unknown>)[name], rest, value);
  if (!Array.isArray(root)) return { ...root, [name]: inner };
  return root.map((one: unknown, index) => (String(index) === name ? inner : one));
}
