import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Removes what killed processes have left behind in a folder: whatever is called `start`, a process id and `end`, and more,
 * of a process that is gone. A folder that cannot be read is told by whatever is written to it next.
 */
export function removeLeavings(folder: string, start: string, end = ''): void {
  try {
    for (const name of readdirSync(folder)) {
      const rest = name.startsWith(start) ? /^(\d{1,10})(.*)$/s.exec(name.slice(start.length)) : null;
      if (!rest?.[2]?.startsWith(end)) continue;
      const pid = Number(rest[1]);
      if (pid === process.pid || !lives(pid)) rmSync(join(folder, name), { recursive: true, force: true });
    }
  } catch {
    return;
  }
}

/** Signal 0 only asks; a process of another user answers EPERM and lives. */
function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM';
  }
}
