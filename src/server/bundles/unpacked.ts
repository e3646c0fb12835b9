import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { packFiles } from '../../policy/pack-bundle.ts';
import { asUnavailable, refused } from '../sources/failures.ts';

/** Files that a bundle may have, and how deep its folders may be. */
const limits = { files: 1000, depth: 8, name: 99 } as const;

/** A file of a folder by its name below that, with slashes. */
interface Found {
  readonly name: string;
  readonly path: string;
}

/**
 * The files of an unpacked bundle below a folder, sorted by name. Hidden ones are editors' and Kubernetes', but for the
 * manifest and the signatures. Throws PDP_SOURCE_UNAVAILABLE, PDP_SOURCE_REFUSED.
 */
export async function filesOfBundle(folder: string): Promise<readonly Found[]> {
  const found: Found[] = [];
  const walk = async (path: string, prefix: string, depth: number): Promise<void> => {
    if (depth > limits.depth) throw refused(`${path}: folders of a bundle go ${limits.depth} deep at most`);
    for (const entry of await readdir(path, { withFileTypes: true })) {
      const name = `${prefix}${entry.name}`;
      if (entry.name.startsWith('.') && !(depth === 0 && known.has(entry.name))) continue;
      const below = join(path, entry.name);
      // Links are followed, as Kubernetes makes them.
      const is = entry.isSymbolicLink() ? await stat(below) : entry;
      if (is.isDirectory()) await walk(below, `${name}/`, depth + 1);
      else if (is.isFile()) found.push({ name, path: below });
      if (found.length > limits.files) throw refused(`${folder}: more than ${limits.files} files`);
    }
  };
  try {
    await walk(folder, '', 0);
  } catch (thrown) {
    throw asUnavailable(thrown, folder);
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

const known: ReadonlySet<string> = new Set(['.manifest', '.signatures.json']);

/**
 * Packs an unpacked bundle: the same files give the same bytes. Throws PDP_SOURCE_UNAVAILABLE, and PDP_SOURCE_REFUSED
 * for more than `maxBytes`, or what is no bundle's folder.
 */
export async function packFolder(folder: string, maxBytes: number): Promise<Uint8Array> {
  const files = new Map<string, Uint8Array>();
  let size = 0;
  for (const { name, path } of await filesOfBundle(folder)) {
    if (Buffer.byteLength(name) > limits.name) throw refused(`${path}: its name is too long for a bundle`);
    const content = await readFile(path).catch((thrown: unknown) => {
      throw asUnavailable(thrown, path);
    });
    size += content.byteLength;
    if (size > maxBytes) throw refused(`${folder}: more than max_bytes (${maxBytes}) bytes`);
    files.set(name, content);
  }
  if (!files.has('.manifest'))
    throw refused(`${folder}: there is no .manifest in it, so it is no unpacked bundle`);
  return packFiles(files);
}
