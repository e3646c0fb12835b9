import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { dirname, resolve, sep } from 'node:path';

/** Milliseconds of quiet after which changes count as one: an editor writes a file in several steps. */
const quietMs = 80;

/** Sets of absolute paths of files that changed. */
export interface FileChanges extends AsyncIterable<ReadonlySet<string>> {
  /** Watches further files, by absolute path, wherever they are. */
  follow(files: readonly string[]): void;
}

/**
 * Changes below a folder, and of files that are followed, from now on, as sets of absolute paths, each as soon as nothing
 * has changed for a moment. Ends with the signal.
 */
export function fileChanges(folder: string, signal: AbortSignal): FileChanges {
  let changed = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let settled = false;
  let wake: () => void = () => undefined;
  const settle = (): void => {
    settled = true;
    wake();
  };
  const note = (path: string): void => {
    changed.add(path);
    clearTimeout(timer);
    timer = setTimeout(settle, quietMs);
  };
  // Watched at once, so that nothing is missed while its reader still does something else.
  const watchers: FSWatcher[] = [
    watch(folder, { recursive: true }, (_event, name) => {
      if (name === null || /(^|\/)(node_modules|\.git)(\/|$)/.test(name)) return;
      note(resolve(folder, name));
    }),
  ];
  const followed = new Set<string>();
  const folders = new Set<string>();
  const follow = (file: string): void => {
    if (signal.aborted || file.startsWith(`${resolve(folder)}${sep}`)) return;
    followed.add(file);
    const around = dirname(file);
    if (folders.has(around)) return;
    const watcher = watchThere(around, (name) => {
      const path = resolve(around, name);
      if (followed.has(path)) note(path);
    });
    if (!watcher) return;
    folders.add(around);
    watchers.push(watcher);
  };
  const end = (): void => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
    wake();
  };
  signal.addEventListener('abort', end, { once: true });
  const changes = (async function* () {
    while (!signal.aborted) {
      if (settled) {
        const some = changed;
        [changed, settled] = [new Set(), false];
        yield some;
      } else await new Promise<void>((done) => (wake = done));
    }
  })();
  return Object.assign(changes, { follow: (files: readonly string[]) => files.forEach(follow) });
}

/** The folder and not the file: editors put another file in its place. Undefined where there is no such folder. */
function watchThere(folder: string, onChange: (name: string) => void): FSWatcher | undefined {
  try {
    return watch(folder, (_event, name) => {
      if (name !== null) onChange(name);
    });
  } catch {
    return undefined;
  }
}
