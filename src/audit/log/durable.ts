import { open, rename, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * Files of a folder that are whole or not there: each is written beside, brought to the disk and renamed; `settle`
 * brings their names there. Throws what the file system says.
 */
export class DurableFolder {
  /** The folder's path. */
  readonly root: string;
  readonly #mode: number;
  /** Folders whose entries have changed. */
  #changed = new Set<string>();
  #made = new Set<string>();

  constructor(root: string, mode = 0o640) {
    this.root = root;
    this.#mode = mode;
  }

  /** Puts a file in place; its name survives a crash only after `settle`. */
  async write(path: string, bytes: Uint8Array): Promise<void> {
    const target = await this.#target(path);
    const beside = `${target}.tmp`;
    const file = await open(beside, 'w', this.#mode);
    try {
      await file.writeFile(bytes);
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(beside, target);
  }

  /** Moves a file that is on the disk already to its place. */
  async adopt(from: string, path: string): Promise<void> {
    await rename(from, await this.#target(path));
  }

  /** Brings the names of all that was written to the disk. */
  async settle(): Promise<void> {
    const folders = [...this.#changed];
    this.#changed = new Set();
    try {
      await Promise.all(folders.map(syncFolder));
    } catch (thrown) {
      for (const folder of folders) this.#changed.add(folder);
      throw thrown;
    }
  }

  async #target(path: string): Promise<string> {
    const target = join(this.root, path);
    const folder = dirname(target);
    if (!this.#made.has(folder)) await this.#make(folder);
    this.#changed.add(folder);
    return target;
  }

  async #make(folder: string): Promise<void> {
    const first = await mkdir(folder, { recursive: true, mode: 0o750 });
    // Every folder that came with it has its name in the one above.
    if (first !== undefined) {
      for (let at = folder; at.length >= first.length; at = dirname(at)) this.#changed.add(dirname(at));
    }
    if (this.#made.size > 1000) this.#made = new Set();
    this.#made.add(folder);
  }
}

/** Brings a folder's entries to the disk. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
