import { setTimeout as sleep } from 'node:timers/promises';
import { isOfLock } from './mark.ts';
import { hasEnded, killProcess, markedProcesses } from './marked-processes.ts';
import type { MarkedProcess } from './marked-processes.ts';

/** How often it is looked whether a process has ended (ms). */
const lookMs = 20;
/** How long one that runs has to end by itself (ms): it learns that its parent is gone when it comes to it. */
const ownEndMs = 300;
/** How long a killed one may take to be gone (ms): nothing keeps it for as long but a disk or volume that hangs. */
const goneMs = 5000;

/**
 * Ends what an earlier run of the server has left: its parent was killed, and whatever hung or was stopped then holds
 * ports and locks without end. Only the holder of the lock of this name (`lockName`) may call it, before it has
 * processes of its own. Each process that had to be killed is told. Resolves once nothing is left, or after some
 * seconds where a process cannot be ended, which is told too. Without Linux' `/proc` it does nothing.
 */
export async function endLeftOver(lock: string, log: (line: string) => void): Promise<void> {
  const left = (): MarkedProcess[] => markedProcesses((mark) => isOfLock(mark, lock));
  const running = left().filter(({ stopped }) => !stopped);
  await allEnded(running, ownEndMs);
  // What a killed one had begun in its last moment is found the next time.
  for (let found = left(); found.length > 0; found = left()) {
    found.forEach(killProcess);
    const stuck = await allEnded(found, goneMs);
    for (const one of found.filter((each) => !stuck.includes(each)))
      log(`${nameOf(one)}, left by a server that was killed, was still there and has been ended`);
    for (const one of stuck)
      log(`${nameOf(one)}, left by a server that was killed, cannot be ended: it may hold ports and locks`);
    if (stuck.length > 0) return;
  }
}

/** Waits for so long (ms) at most until all have ended; answers those that have not. */
async function allEnded(processes: readonly MarkedProcess[], withinMs: number): Promise<MarkedProcess[]> {
  for (let waited = 0; ; waited += lookMs) {
    const left = processes.filter((one) => !hasEnded(one));
    if (left.length === 0 || waited >= withinMs) return left;
    await sleep(lookMs);
  }
}

function nameOf({ pid, what, stopped }: MarkedProcess): string {
  return `process ${pid} (${what}${stopped ? ', stopped' : ''})`;
}
