import type { Store } from './types.ts';

/** Remembers what was read from the store, each under a key, until anything in the store changes. */
export interface EpochMemory<Value> {
  /** What `load` reads, or read before under this key and under the epochs of the snapshot that is open. */
  read(key: string, load: () => Value): Value;
}

/**
 * Makes a memory of at most `maxEntries` reads. The epochs are read anew in every snapshot, and what was kept under
 * other epochs is forgotten before anything is answered: nothing that a change has overtaken is ever served. Within a
 * transaction epochs are never the same, so that everything is read.
 */
export function createEpochMemory<Value>(
  store: Pick<Store, 'snapshot' | 'epochs'>,
  maxEntries: number,
): EpochMemory<Value> {
  const kept = new Map<string, { readonly value: Value }>();
  let under: ReturnType<Store['epochs']> | undefined;
  const read = (key: string, load: () => Value): Value => {
    const epochs = store.epochs();
    if (epochs !== under) {
      kept.clear();
      under = epochs;
    }
    const known = kept.get(key);
    if (known) return known.value;
    const value = load();
    if (kept.size >= maxEntries) kept.clear();
    kept.set(key, { value });
    return value;
  };
  return { read: (key, load) => store.snapshot(() => read(key, load)) };
}
