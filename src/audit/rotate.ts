import { rename, rm } from 'node:fs/promises';

/**
 * Makes room for a new file at `path`: `path.1` becomes `path.2` and so on, `path` becomes `path.1`, and what would
 * be older than the `keep`th is removed. A kill in between leaves a gap in the numbers and loses nothing.
 */
export async function rotate(path: string, keep: number): Promise<void> {
  await rm(keep === 0 ? path : `${path}.${keep}`, { force: true });
  for (let number = keep - 1; number >= 0; number -= 1) {
    await renameIfThere(number === 0 ? path : `${path}.${number}`, `${path}.${number + 1}`);
  }
}

async function renameIfThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown;
  }
}
