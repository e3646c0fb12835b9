import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A folder of files that somebody else replaces, as deployments do. */
export interface Mount {
  readonly path: (name: string) => string;
  /** Puts files in place of those of the same names; the others stay. */
  replace(files: Readonly<Record<string, string | Uint8Array>>): void;
}

/** Each file is written beside its place and renamed over it. */
export function renamingMount(folder: string): Mount {
  mkdirSync(folder, { recursive: true });
  const path = (name: string): string => join(folder, name);
  return {
    path,
    replace: (files) => {
      for (const [name, content] of Object.entries(files)) {
        writeFileSync(path(`.${name}.new`), content);
        renameSync(path(`.${name}.new`), path(name));
      }
    },
  };
}

/**
 * A volume as Kubernetes writes it: every name is a link to `..data/name`, `..data` a link to the folder of one
 * version; all files are replaced at once by renaming another link over `..data`, and the old folder is removed.
 */
export function linkedMount(folder: string): Mount {
  mkdirSync(folder, { recursive: true });
  const path = (name: string): string => join(folder, name);
  let version = 0;
  let all: Record<string, string | Uint8Array> = {};
  return {
    path,
    replace: (files) => {
      all = { ...all, ...files };
      version += 1;
      const next = `..2026_${version}`;
      mkdirSync(path(next));
      for (const [name, content] of Object.entries(all)) writeFileSync(join(path(next), name), content);
      symlinkSync(next, path('..data_tmp'));
      renameSync(path('..data_tmp'), path('..data'));
      for (const name of Object.keys(all)) {
        if (!existsSync(path(name))) symlinkSync(join('..data', name), path(name));
      }
      rmSync(path(`..2026_${version - 1}`), { recursive: true, force: true });
    },
  };
}
