import { accessSync, constants } from 'node:fs';
import { withoutNodeSettings } from '../../config/environment.ts';

/** What Node.js calls a look-up of a name that has not come back. */
const lookUp = 'GetAddrInfoReqWrap';

/**
 * Ends this process with a code, as `process.exit` does, at once. `process.exit` waits for the threads in which names are
 * looked up, which is as long as a resolver takes that does not answer: the process is then exchanged for one that ends
 * with the code and does nothing else (execve(2)). Where the system has no such thing, or refuses it, it waits.
 *
 * A signal that comes meanwhile does not change the code, as long as this process has a handler for it. One that is
 * exchanged has none for the moment that Node.js takes to start.
 */
export function leave(code: number): never {
  if (process.execve && process.getActiveResourcesInfo().includes(lookUp)) exchange(code);
  process.exit(code);
}

/** Returns where it cannot be done. */
function exchange(code: number): void {
  // The program's file may be another one by now, or gone.
  const node = process.platform === 'linux' ? '/proc/self/exe' : process.execPath;
  try {
    // Node.js 24 aborts where execve(2) fails, and does not throw as 26 does.
    accessSync(node, constants.X_OK);
    process.emit('exit', code);
    // What is to be done at the end is done.
    process.removeAllListeners('exit');
    process.execve?.(node, ['node', '-e', `process.exit(${code})`], withoutNodeSettings());
  } catch {
    return;
  }
}
