import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A folder of what can be made again, by keys that say all that it was made from. */
export interface KeptFiles {
  read(key: string): Buffer | undefined;
  /** Keeps it; a folder that takes nothing keeps nothing. */
  write(key: string, content: string | Uint8Array): void;
}

/** Opens the folder, which is made where it is not there. Keys are names of files. */
export function openKeptFiles(folder: string): KeptFiles {
  let writable: boolean | undefined;
  return {
    read: (key) => {
      try {
        return readFileSync(join(folder, key));
      } catch {
        return undefined;
      }
    },
    write: (key, content) => {
      writable ??= made(folder);
      if (!writable) return;
      // Whoever reads at this moment reads all of it or nothing.
      const written = join(folder, `.${key}.${process.pid}`);
      try {
        writeFileSync(written, content);
        renameSync(written, join(folder, key));
      } catch {
        writable = false;
        rmSync(written, { force: true });
      }
    },
  };
}

function made(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true });
    // What can be made again is nobody's source.
    writeFileSync(join(folder, '.gitignore'), '*\n');
    return true;
  } catch {
    return false;
  }
}
