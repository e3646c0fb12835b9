import { formatInstant, type Clock } from '../lib/clock.ts';
import { PortreeveError } from '../lib/errors.ts';
import { beginGeneration } from '../store/generation.ts';
import { firstImportKind, retireAbandoned } from '../store/sweep.ts';
import type { Store } from '../store/types.ts';
import type { ImportOptions } from './import-types.ts';
import type { Staging } from './stager.ts';

const importKind = 'device.import';

/**
 * Begins staging. Of two imports of one tenant at a time, each would be compared with what the other is replacing:
 * PDP_STORE_UNAVAILABLE where one is running.
 */
export function beginImport(store: Store, { tenant, now }: ImportOptions, clock: Clock): Staging {
  return store.transact(() => {
    retireAbandoned(store, clock);
    const imports = store
      .prepare<{ state: string; started_at: number; pid: number; host: string }>(
        `SELECT state, started_at, pid, host FROM generations
         WHERE kind IN (?, ?) AND scope = ? AND state IN ('staging', 'visible') ORDER BY state LIMIT 1`,
      )
      .all(importKind, firstImportKind, tenant);
    const running = imports.find(({ state }) => state === 'staging');
    if (running) {
      throw new PortreeveError(
        'PDP_STORE_UNAVAILABLE',
        `store ${store.path}: an import of tenant ${JSON.stringify(tenant)} has been running since ` +
          `${formatInstant(running.started_at)} (process ${running.pid} on ${running.host}); wait until it has ended`,
      );
    }
    const first = imports.length === 0;
    const kind = first ? firstImportKind : importKind;
    const generation = beginGeneration(store, kind, now, tenant, clock);
    const row = store
      .prepare<{ base_epoch: number }>('SELECT base_epoch FROM generations WHERE generation = ?')
      .get(generation);
    return { tenant, generation, baseEpoch: row?.base_epoch ?? 0, now, first };
  });
}
