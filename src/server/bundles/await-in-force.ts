import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Clock, EpochMs } from '../../lib/clock.ts';
import type { Store } from '../../store/types.ts';
import { lastInForce } from './table.ts';

/** How long a running server has (ms), and how often it is asked. */
const wait = { mostMs: 5000, everyMs: 25 };

/**
 * Waits until the server that runs on a store has put a bundle in force on all its workers, at `since` or later: it may
 * have been the last one that is kept, and not in force any more. Answers `no_server` at once
 * where none runs, `refused` where it has not done so in time.
 */
export async function awaitInForce(
  store: Store,
  digest: string,
  clock: Pick<Clock, 'monotonic'>,
  since: EpochMs,
): Promise<'in_force' | 'refused' | 'no_server'> {
  const until = clock.monotonic() + wait.mostMs;
  for (;;) {
    const last = lastInForce(store);
    if (last?.digest === digest && (last.inForceAt ?? 0) >= since) return 'in_force';
    if (!serverRuns(store.path)) return 'no_server';
    if (clock.monotonic() >= until) return 'refused';
    await pause(wait.everyMs);
  }
}

/** By the process id that the server has left beside the state file. */
function serverRuns(path: string): boolean {
  try {
    const pid = Number(readFileSync(`${path}.pid`, 'utf8').trim());
    if (!Number.isSafeInteger(pid) || pid < 1) return false;
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    // One that belongs to another user cannot be signalled, but is there.
    return (thrown as NodeJS.ErrnoException).code === 'EPERM';
  }
}
