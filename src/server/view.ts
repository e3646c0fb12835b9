/**
 * An object whose properties are read anew from whatever is in force. Rooms that were handed an object once thereby
 * follow a reload, and connections need not be dropped for it. `keys` are the properties that the view has.
 */
export function viewOf<T extends object>(keys: readonly (keyof T & string)[], current: () => T): T {
  const view = {} as T;
  for (const key of keys) {
    Object.defineProperty(view, key, { enumerable: true, get: () => current()[key] });
  }
  return view;
}
