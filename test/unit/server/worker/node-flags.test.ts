import test from 'ava';
import { nodeFlags } from '../../../../src/server/worker/node-flags.ts';

for (const [workers, processors, helpers] of [
  [1, 1, 1],
  [1, 2, 1],
  [2, 4, 2],
  [8, 4, 1],
  [1, 64, 4],
] as const) {
  test(`of ${workers} workers on ${processors} processors each has ${helpers} helper threads, and bounds of memory`, (t) => {
    const flags = nodeFlags(workers, processors);
    t.is(
      flags.find((flag) => flag.startsWith('--v8-pool-size')),
      `--v8-pool-size=${helpers}`,
    );
    t.true(flags.includes('--max-old-space-size=448') && flags.includes('--max-semi-space-size=16'));
    t.true(flags.includes('--no-allocation-site-pretenuring'));
  });
}
