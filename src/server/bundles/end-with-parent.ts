import { Worker } from 'node:worker_threads';

/** How often it is looked for the parent (ms). */
const everyMs = 500;

/** What runs in the thread: a process whose parent is gone is given to another. */
const look = `
const { workerData } = require('node:worker_threads');
setInterval(() => {
  if (process.ppid !== workerData.parent) process.kill(process.pid, 'SIGKILL');
}, workerData.everyMs);
`;

/**
 * Ends this process when its parent is gone, whatever its first thread does: in an endless loop it would hear of nothing,
 * and run on for ever.
 */
export function endWithParent(): void {
  new Worker(look, { eval: true, workerData: { parent: process.ppid, everyMs } }).unref();
}
