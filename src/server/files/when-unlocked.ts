import { setTimeout as pause } from 'node:timers/promises';
import { isLockedOut } from '../../store/write-lock.ts';

/** So often it is tried again, with such a pause between (ms): about as long as a command waits for the lock. */
const [tries, pauseMs] = [50, 100];

/**
 * Does what writes to the store again while another process has the write lock, without standing still meanwhile: the
 * parent hears its workers' records between the attempts. Throws PDP_STORE_UNAVAILABLE of the last attempt.
 */
export async function whenUnlocked<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (let left = tries; ; left -= 1) {
    try {
      return await work();
    } catch (thrown) {
      if (!isLockedOut(thrown) || left === 0 || signal?.aborted) throw thrown;
    }
    await pause(pauseMs);
  }
}
