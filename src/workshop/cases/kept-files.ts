import { createHash } from 'node:crypto';
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
        return whole(readFileSync(join(folder, key)));
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
        writeFileSync(written, Buffer.concat([digestOf(content), Buffer.from(content)]));
        renameSync(written, join(folder, key));
      } catch {
        writable = false;
        rmSync(written, { force: true });
      }
    },
  };
}

const digestOctets = 32;

function digestOf(content: string | Uint8Array): Buffer {
  return createHash('sha256').update(content).digest();
}

/** What stands behind the digest that it begins with; undefined where that is of something else. */
function whole(bytes: Buffer): Buffer | undefined {
  const content = bytes.subarray(digestOctets);
  return digestOf(content).equals(bytes.subarray(0, digestOctets)) ? content : undefined;
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
