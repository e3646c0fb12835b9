/**
 * Imported by a server's processes before anything else: told so by SIGUSR2, each collects its garbage, and writes what it
 * still holds into a file named by its process number, in RESOURCES_FOLDER.
 */
import './collect-garbage.ts';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a process has written when it was told the so manieth time. */
export interface Noted {
  readonly told: number;
  /** Bytes of objects and of the buffers that belong to them. */
  readonly live: number;
  /** What keeps its event loop alive (timers, sockets, …), by kind. */
  readonly resources: readonly string[];
}

const folder = process.env.RESOURCES_FOLDER;
if (folder !== undefined) {
  const file = join(folder, `${process.pid}.json`);
  let told = 0;
  // After the listener that collects: listeners run in the order in which they were added.
  process.on('SIGUSR2', () => {
    const { heapUsed, external } = process.memoryUsage();
    const resources = process.getActiveResourcesInfo();
    const noted: Noted = { told: (told += 1), live: heapUsed + external, resources };
    // In one piece: it is read at any time.
    writeFileSync(`${file}.new`, JSON.stringify(noted));
    renameSync(`${file}.new`, file);
  });
}
