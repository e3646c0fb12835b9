import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeThrown, PortreeveError } from '../../lib/errors.ts';
import type { LogFiles } from '../tlog/log-files.ts';

/** The files of a log in a folder. Reading throws PDP_AUDIT_UNAVAILABLE for what is there and cannot be read. */
export function folderFiles(folder: string): LogFiles {
  return {
    read: async (path) => {
      try {
        return await readFile(join(folder, path));
      } catch (cause) {
        const { code } = cause as NodeJS.ErrnoException;
        if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
        throw new PortreeveError('PDP_AUDIT_UNAVAILABLE', `log ${folder}: ${describeThrown(cause)}`, {
          cause,
        });
      }
    },
  };
}
