/**
 * Imported by a server's processes before anything else: each writes, when it ends, the 99th percentile of
 * its event loop's delay over all its life (ms) into a file named by its process number, in LOOP_DELAY_FOLDER.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const folder = process.env.LOOP_DELAY_FOLDER;
if (folder !== undefined) {
  const resolution = 10;
  const delay = monitorEventLoopDelay({ resolution });
  delay.enable();
  process.once('exit', () => {
    const p99 = Math.max(0, delay.percentile(99) / 1e6 - resolution);
    writeFileSync(join(folder, String(process.pid)), p99.toFixed(2));
  });
}
