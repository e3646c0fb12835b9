import { withoutNodeSettings } from '../../config/environment.ts';

/** What Node.js calls a look-up of a name that has not come back. */
const lookUp = 'GetAddrInfoReqWrap';

/**
 * Ends this process with a code, as `process.exit` does, at once. `process.exit` waits for the threads in which names are
 * looked up, which is as long as a resolver takes that does not answer: the process is then exchanged for one that ends
 * with the code and does nothing else (execve(2)). Where the system has no such thing, it waits.
 */
export function leave(code: number): never {
  if (process.execve && process.getActiveResourcesInfo().includes(lookUp)) {
    process.emit('exit', code);
    // The program's file may be another one by now, or gone.
    const node = process.platform === 'linux' ? '/proc/self/exe' : process.execPath;
    try {
      process.execve(node, ['node', '-e', `process.exit(${code})`], withoutNodeSettings());
    } catch {
      process.exit(code);
    }
  }
  process.exit(code);
}
