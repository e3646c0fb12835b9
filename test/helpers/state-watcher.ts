/**
 * A process that reads a store all the time, as decisions do, and tells of everything that must not be seen: part of an
 * inventory or of a CRL, or a hold without its change. Run by fork() with the store's path, how many devices there may be
 * and the key of the CRL's issuer; on any message it tells how often it has looked, and ends.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { openStore } from '../../src/store/open.ts';
import { wrongIn } from './state-seen.ts';
import { tellParent } from './tell-parent.ts';

export type WatcherMessage =
  | { readonly is: 'watching' }
  /** What was seen that must not be, or why nothing could be read. */
  | { readonly is: 'wrong'; readonly what: string }
  | { readonly is: 'ended'; readonly looks: number };

const { tell, end } = tellParent<WatcherMessage>();
const [path, sizes, issuerKey] = process.argv.slice(2) as [string, string, string];

async function watch(): Promise<void> {
  let [looks, ending] = [0, false];
  process.once('message', () => (ending = true));
  process.once('disconnect', () => (ending = true));
  const store = openStore({ path, mode: 'read_only', now: 0 });
  tell({ is: 'watching' });
  const allowed = sizes.split(',').map(Number);
  while (!ending) {
    try {
      for (const what of wrongIn(store, allowed, issuerKey)) tell({ is: 'wrong', what });
    } catch (thrown) {
      tell({ is: 'wrong', what: String(thrown) });
    }
    looks += 1;
    await pause(5);
  }
  store.close();
  tell({ is: 'ended', looks });
  await end();
}

await watch();
