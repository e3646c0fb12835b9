import { formatInstant } from '../lib/clock.ts';
import type { EpochMs } from '../lib/clock.ts';
import type { KeptTime } from '../lib/trusted-time.ts';
import type { Store } from './types.ts';

/** The kept time as it stands in the store. */
export interface StoredTime extends KeptTime {
  /** How often an operator has reset it: whoever keeps it begins anew with what then stands here. */
  readonly resets: number;
}

const key = 'trusted_time';

/** The latest trusted time; undefined where none was ever kept. Throws PDP_STORE_UNAVAILABLE. */
export function readKeptTime(store: Store): StoredTime | undefined {
  const row = store.prepare<{ value: string }>(`SELECT value FROM meta WHERE key = '${key}'`).get();
  if (row === undefined) return undefined;
  const numbers = /^(\d{1,15}) (\d{1,15}) (\d{1,9})$/.exec(row.value);
  if (numbers === null) return undefined;
  const [kept, confirmed, resets] = numbers.slice(1).map(Number) as [number, number, number];
  return { kept, confirmed, resets };
}

/**
 * Keeps a time, unless an operator has reset it meanwhile. Without an epoch: what is decided by is the clock of each
 * process, not this row. In a transaction of its own, or in the one that is open. Throws PDP_STORE_UNAVAILABLE.
 */
export function writeKeptTime(store: Store, { kept, confirmed, resets }: StoredTime): void {
  store.transact(() => {
    if ((readKeptTime(store)?.resets ?? 0) > resets) return;
    store
      .prepare(
        `INSERT INTO meta (key, value) VALUES ('${key}', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
      )
      .run(`${Math.floor(kept)} ${Math.floor(confirmed)} ${resets}`);
  });
}

/**
 * Begins anew with a time that an operator vouches for, be it earlier; a change like any other. Answers its epoch.
 * Throws PDP_STORE_UNAVAILABLE.
 */
export function resetKeptTime(
  store: Store,
  { actor, why, now }: { readonly actor: string; readonly why: string; readonly now: EpochMs },
): number {
  return store.transact(() => {
    const before = readKeptTime(store);
    writeKeptTime(store, { kept: now, confirmed: now, resets: (before?.resets ?? 0) + 1 });
    return store.change({
      ...{ tenant: 'default', at: now, actor, why, kind: 'time.reset', selector: 'kept time' },
      detail: { before: before ? formatInstant(before.kept) : null, after: formatInstant(now) },
    });
  });
}
