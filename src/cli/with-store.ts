import type { Config } from '../config/types.ts';
import type { Clock } from '../lib/clock.ts';
import { openStore } from '../store/open.ts';
import type { Store } from '../store/types.ts';

/** Opens the configured store for one piece of work and closes it, whatever the work comes to. */
export async function withStore<T>(
  config: Config,
  mode: 'read_write' | 'read_only',
  clock: Clock,
  work: (store: Store) => Promise<T> | T,
): Promise<T> {
  const store = openStore({ path: config.state.path, mode, now: clock.now() });
  try {
    return await work(store);
  } finally {
    store.close();
  }
}
