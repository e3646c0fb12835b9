import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, setPriority } from 'node:os';

/**
 * A process that keeps one core busy for so long (ms), at the low priority that the server's own long work has, and has
 * nothing to do with the server: what becomes of decisions beside it is the machine's.
 */
export async function stranger(ms: number): Promise<void> {
  const loop = `const end = Date.now() + ${Math.round(ms)}; while (Date.now() < end);`;
  const child = spawn(process.execPath, ['-e', loop]);
  if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
  await once(child, 'exit');
}
