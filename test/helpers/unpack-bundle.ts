import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bundleFilesOf } from '../../src/policy/bundle.ts';

/** Writes the files of a bundle into a folder that is there whole or not at all. */
export function unpack(bytes: Uint8Array, folder: string): void {
  const staged = `${folder}.new`;
  for (const [name, content] of bundleFilesOf(bytes)) {
    const path = join(staged, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
  renameSync(staged, folder);
}
