/** Finds the policy compiler that this repository pins, through `scripts/opa.sh`. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { findOpa, type Opa } from '../src/workshop/opa/find.ts';

/** The compiler, or undefined where there is none; `scripts/opa.sh` says why on standard error. */
export function pinnedOpa(...options: readonly ('--exact' | '--present')[]): Opa | undefined {
  try {
    const path = execFileSync('sh', [join(import.meta.dirname, 'opa.sh'), ...options], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    return findOpa({ path: path.trim(), env: {} });
  } catch {
    return undefined;
  }
}
