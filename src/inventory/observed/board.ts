import type { EpochMs } from '../../lib/clock.ts';
import type { SqlValue, Store } from '../../store/types.ts';
import type { KeyUse, SharedKey } from './types.ts';

/** Keys that are known to be shared, as one process was told: what decisions look at. */
export interface SharedBoard {
  trail(tenant: string, key: string): readonly KeyUse[];
  /** Takes what is known anew of these keys. */
  note(keys: readonly SharedKey[]): void;
}

/** Shared keys that are remembered; those noted longest ago are forgotten first. */
const mostKeys = 10_000;

const never: readonly KeyUse[] = Object.freeze([]);

export function createSharedBoard(): SharedBoard {
  const trails = new Map<string, readonly KeyUse[]>();
  return {
    // Mostly there is nothing to look up.
    trail: (tenant, key) => (trails.size === 0 ? never : (trails.get(`${tenant}\0${key}`) ?? never)),
    note: (keys) => {
      for (const { tenant, key, uses } of keys) {
        const name = `${tenant}\0${key}`;
        trails.delete(name);
        if (uses.length > 0) trails.set(name, uses);
      }
      for (const name of trails.keys()) {
        if (trails.size <= mostKeys) return;
        trails.delete(name);
      }
    },
  };
}

interface Row extends Record<string, SqlValue> {
  readonly tenant: string;
  readonly key: Uint8Array;
  readonly gateway: string;
  readonly network: string;
  readonly device_id: string;
  readonly last_used: number;
}

/** Shared keys as the store has them, of uses since then. Throws PDP_STORE_UNAVAILABLE. */
export function readSharedKeys(store: Store, since: EpochMs): readonly SharedKey[] {
  const rows = store
    .prepare<Row>(
      `SELECT tenant, key, gateway, network, device_id, last_used FROM
        (SELECT * FROM shared_uses WHERE last_used >= ? ORDER BY last_used DESC LIMIT ${mostKeys * 2})
        ORDER BY last_used, gateway, network, device_id`,
    )
    .all(since);
  const grouped = Map.groupBy(rows, ({ tenant, key }) => `${tenant}\0${Buffer.from(key).toString('hex')}`);
  return [...grouped].map(([name, uses]) => {
    const [tenant = '', key = ''] = name.split('\0');
    return {
      tenant,
      key,
      uses: uses.map(({ gateway, network, device_id, last_used }) => ({
        gateway,
        network: network === '' ? null : network,
        device_id,
        last_used,
      })),
    };
  });
}
