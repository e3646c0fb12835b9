import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** A short text that outlives the process, in a file that is replaced whole. */
export interface MemoryFile {
  /** What an earlier process has left; empty where there is nothing that can be read. */
  readonly before: string;
  /** Remembers for the next start. Throws what the file system says. */
  save(text: string): void;
}

export function openMemoryFile(path: string): MemoryFile {
  const before = readIfThere(path);
  let saved = before;
  return {
    before,
    save: (text) => {
      if (saved === text) return;
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(`${path}.tmp`, text);
      renameSync(`${path}.tmp`, path);
      saved = text;
    },
  };
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
