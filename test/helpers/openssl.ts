import { spawnSync } from 'node:child_process';
import { needing } from './skip.ts';

/** `test` for what asks the system's `openssl`. */
export const withOpenssl = needing(
  spawnSync('openssl', ['version']).status === 0 ? undefined : 'openssl is missing',
);
