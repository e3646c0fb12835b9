import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { needing } from './skip.ts';
import type { Tool } from './skip.ts';
import { root } from './source-files.ts';

/** Fetched once where it is not there: some megabytes. */
const looked = spawnSync('sh', [join(root, 'scripts/fsck.sh')], { encoding: 'utf8', timeout: 300_000 });

/** Tessera's `fsck`, which knows the layout of a log from its specification alone. */
export const fsck: Tool = {
  path: looked.stdout.trim(),
  lack:
    looked.status === 0 ? undefined : looked.stderr.trim() || "Tessera's fsck is missing: sh scripts/fsck.sh",
};

/** `test` for what is checked by it. */
export const withFsck = needing(fsck.lack);
