import { readFileSync } from 'node:fs';
import type { Server } from './server.ts';

/** What a worker is meant to stay below, whatever it is asked (MB). */
export const peakMb = 300;

/** Memory of its own that a process has (MB): RssAnon of /proc/PID/status; 0 once it has ended. */
export function anonymousMb(pid: number): number {
  try {
    const anonymous = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    // Not there of one whose end nobody has taken note of yet.
    return Math.round((Number(anonymous ?? 0) * 1024) / 1e6);
  } catch {
    return 0;
  }
}

/** Looks at the memory of a server's workers from now on; tells the most that one of them has had (MB). */
export async function watchMemory(
  t: { teardown(step: () => unknown): void },
  server: Pick<Server, 'status'>,
): Promise<() => number> {
  const pids = (await server.status()).workers.map(({ pid }) => pid);
  let most = 0;
  const look = (): number => (most = Math.max(most, ...pids.map(anonymousMb)));
  if (look() === 0) throw new Error('the workers have no memory that could be seen');
  const timer = setInterval(look, 50);
  t.teardown(() => clearInterval(timer));
  return look;
}
