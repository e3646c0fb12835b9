import { asPortreeveError } from '../../lib/errors.ts';
import { openStore } from '../../store/open.ts';
import type { FromDeviceHelper, ToDeviceHelper } from './device-helper.ts';
import { importDeviceFile } from './import-device-file.ts';
import { yieldToDecisions } from './yield-to-decisions.ts';

const rowsBetween = 50_000;

/**
 * What runs in the process that imports one file of devices: it takes one job, tells that it lives and what came of it,
 * and ends; with its parent, too. Killed at any time it leaves what was in force.
 */
export function runDeviceHelper(): void {
  process.once('disconnect', () => process.exit(0));
  // The parent decides when it is over: a terminal's Ctrl-C is for the parent.
  process.on('SIGINT', () => undefined);
  process.once('message', (job: ToDeviceHelper) => {
    void work(job).then((last) => {
      process.send?.(last, () => process.disconnect?.());
    });
  });
}

async function work({ storePath, job }: ToDeviceHelper): Promise<FromDeviceHelper> {
  try {
    yieldToDecisions();
    const store = openStore({ path: storePath, mode: 'read_write', now: job.now });
    try {
      let told = 0;
      const result = await importDeviceFile(store, job, ({ rows }) => {
        if (rows - told < rowsBetween) return;
        told = rows;
        process.send?.({ is: 'progress' } satisfies FromDeviceHelper);
      });
      return { is: 'done', result };
    } finally {
      store.close();
    }
  } catch (thrown) {
    const { code, message } = asPortreeveError(thrown);
    return { is: 'failed', code, message };
  }
}
