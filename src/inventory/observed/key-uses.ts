import type { EpochMs } from '../../lib/clock.ts';
import type { KeptStats } from '../../lib/kept.ts';
import { extendTrail } from './trail.ts';
import type { KeyUse, Observation, SharedKey } from './types.ts';

/** Where every key was used last, in bounded memory, by all workers together. */
export interface KeyUses {
  /** Notes a use. Answers the key with its uses where there is more than one place or device within the window. */
  note(observation: Observation): SharedKey | undefined;
  /** Takes what was known before. */
  restore(keys: readonly SharedKey[]): void;
  /** Keys that are in use in more than one place, by uses since then. */
  shared(since: EpochMs): readonly SharedKey[];
  /** How it stands: `key_uses`. */
  stats(): KeptStats;
}

/** Keys that are remembered at most; those used longest ago are forgotten first. */
const mostKeys = 100_000;

export function createKeyUses(windowMs: () => number): KeyUses {
  const trails = new Map<string, readonly KeyUse[]>();
  /** Names of those that have more than one stay. */
  const shared = new Set<string>();
  const counts = { hits: 0, misses: 0, evictions: 0 };
  const put = (name: string, trail: readonly KeyUse[]): void => {
    // The latest stand last.
    trails.delete(name);
    trails.set(name, trail);
    if (trail.length > 1) shared.add(name);
    else shared.delete(name);
    for (const oldest of trails.keys()) {
      if (trails.size <= mostKeys) break;
      trails.delete(oldest);
      shared.delete(oldest);
      counts.evictions += 1;
    }
  };
  return {
    note: ({ tenant, device_id, at, gateway, network, certificate: { key } }) => {
      const name = `${tenant}\0${key}`;
      const use = { device_id, gateway, last_used: at, network };
      const known = trails.get(name);
      counts[known ? 'hits' : 'misses'] += 1;
      const trail = extendTrail(known ?? [], use, windowMs());
      put(name, trail);
      return trail.length > 1 ? { tenant, key, uses: trail } : undefined;
    },
    restore: (keys) => {
      for (const { tenant, key, uses } of keys) put(`${tenant}\0${key}`, uses);
    },
    shared: (since) =>
      [...shared].flatMap((name) => {
        const [tenant = '', key = ''] = name.split('\0');
        const uses = trails.get(name) ?? [];
        return uses.some((use) => use.last_used >= since) ? [{ tenant, key, uses }] : [];
      }),
    stats: () => ({ name: 'key_uses', entries: trails.size, bound: mostKeys, ...counts }),
  };
}
