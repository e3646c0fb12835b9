import { createBoundedMemory } from '../lib/bounded-memory.ts';
import type { KeptStats } from '../lib/kept.ts';
import type { Store } from './types.ts';

/** Remembers what was read from the store, each under two keys, until anything in the store changes. */
export interface EpochMemory<Value> {
  /**
   * What `load` reads, or read before under these keys and under the epochs of the snapshot that is open. Two, because to
   * look a text up that was just put together costs many times what it costs to look up two that are kept anyway.
   */
  read(group: string, key: string, load: () => Value): Value;
}

type Account = { -readonly [key in keyof KeptStats]: KeptStats[key] };

/** The accounts of the memories of each store; that of a memory which nobody holds any more goes with it. */
const memories = new WeakMap<object, readonly WeakRef<Account>[]>();

/** How the memories of what was read from a store stand. */
export function memoriesOf(store: Pick<Store, 'snapshot' | 'epochs'>): readonly KeptStats[] {
  return (memories.get(store) ?? []).flatMap((held) => {
    const account = held.deref();
    return account ? [{ ...account }] : [];
  });
}

/**
 * Makes a memory of at most `maxEntries` reads. The epochs are read anew in every snapshot, and what was kept under
 * other epochs is forgotten before anything is answered: nothing that a change has overtaken is ever served. Within a
 * transaction epochs are never the same, so that everything is read. One with a name is among `memoriesOf` its store.
 * Where `load` answers undefined nothing is there: of that no more is kept than leaves room for what is.
 */
export function createEpochMemory<Value>(
  store: Pick<Store, 'snapshot' | 'epochs'>,
  maxEntries: number,
  name?: string,
): EpochMemory<Value> {
  const account: Account = {
    name: name ?? '',
    entries: 0,
    bound: maxEntries,
    hits: 0,
    misses: 0,
    evictions: 0,
  };
  const kept = createBoundedMemory<string, Value>(maxEntries);
  let under: ReturnType<Store['epochs']> | undefined;
  const read = (group: string, key: string, load: () => Value): Value => {
    const epochs = store.epochs();
    if (epochs !== under) {
      account.evictions += kept.forget();
      account.entries = 0;
      under = epochs;
    }
    const known = kept.find(group, key);
    if (known) {
      account.hits += 1;
      return known.value;
    }
    account.misses += 1;
    const value = load();
    // What is asked for and is not there is what somebody claims: a name that anybody may come up with.
    account.evictions += kept.keep(group, key, value, value === undefined);
    account.entries = kept.size();
    return value;
  };
  if (name !== undefined) {
    const held = (memories.get(store) ?? []).filter((one) => one.deref() !== undefined);
    memories.set(store, [...held, new WeakRef(account)]);
  }
  return { read: (group, key, load) => store.snapshot(() => read(group, key, load)) };
}
