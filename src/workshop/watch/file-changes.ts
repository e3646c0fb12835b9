import { watch } from 'node:fs';
import { resolve } from 'node:path';

/** Milliseconds of quiet after which changes count as one: an editor writes a file in several steps. */
const quietMs = 80;

/**
 * Changes below a folder, as sets of absolute paths, each as soon as nothing has changed for a moment. Ends with the
 * signal.
 */
export async function* fileChanges(folder: string, signal: AbortSignal): AsyncGenerator<ReadonlySet<string>> {
  let changed = new Set<string>();
  let wake: () => void = () => undefined;
  let timer: NodeJS.Timeout | undefined;
  let ready = false;
  const watcher = watch(folder, { recursive: true }, (_event, name) => {
    if (name === null || /(^|\/)(node_modules|\.git)(\/|$)/.test(name)) return;
    changed.add(resolve(folder, name));
    clearTimeout(timer);
    timer = setTimeout(() => {
      ready = true;
      wake();
    }, quietMs);
  });
  const end = (): void => wake();
  signal.addEventListener('abort', end);
  try {
    while (!signal.aborted) {
      if (ready) {
        const some = changed;
        [changed, ready] = [new Set(), false];
        yield some;
      } else await new Promise<void>((done) => (wake = done));
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
    watcher.close();
  }
}
