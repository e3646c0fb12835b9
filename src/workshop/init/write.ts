import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describeThrown, PortreeveError } from '../../lib/errors.ts';
import type { ProjectFiles } from './starter.ts';

/**
 * Writes the files of a new project into `folder`, which is made unless it is there. Scripts can be run. Throws
 * PDP_USAGE where something is in it (but a `.git`, as of a repository that was just made or cloned), where a file of that
 * name is, and where it cannot be written.
 */
export function writeProject(folder: string, files: ProjectFiles): void {
  refuseWhatIsThere(folder);
  try {
    for (const [name, bytes] of files) {
      mkdirSync(join(folder, dirname(name)), { recursive: true });
      // Nothing is written over, also what came there a moment ago.
      writeFileSync(join(folder, name), bytes, { flag: 'wx', mode: name.endsWith('.sh') ? 0o755 : 0o644 });
    }
  } catch (thrown) {
    throw new PortreeveError('PDP_USAGE', `${folder}: ${describeThrown(thrown)}`, { cause: thrown });
  }
}

function refuseWhatIsThere(folder: string): void {
  const there = statSync(folder, { throwIfNoEntry: false });
  if (there === undefined) return;
  if (!there.isDirectory()) throw new PortreeveError('PDP_USAGE', `${folder} is not a folder`);
  const names = readdirSync(folder).filter((name) => name !== '.git');
  if (names.length === 0) return;
  const some = names.slice(0, 3).join(', ') + (names.length > 3 ? ', …' : '');
  throw new PortreeveError('PDP_USAGE', `${folder} is not empty (${some}): name a new folder`);
}
