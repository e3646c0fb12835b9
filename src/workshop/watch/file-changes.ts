import { watch } from 'node:fs';
import { resolve } from 'node:path';

/** Milliseconds of quiet after which changes count as one: an editor writes a file in several steps. */
const quietMs = 80;

/**
 * Changes below a folder from now on, as sets of absolute paths, each as soon as nothing has changed for a moment. Ends
 * with the signal.
 */
export function fileChanges(folder: string, signal: AbortSignal): AsyncIterable<ReadonlySet<string>> {
  let changed = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let settled = false;
  let wake: () => void = () => undefined;
  const settle = (): void => {
    settled = true;
    wake();
  };
  // Watched at once, so that nothing is missed while its reader still does something else.
  const watcher = watch(folder, { recursive: true }, (_event, name) => {
    if (name === null || /(^|\/)(node_modules|\.git)(\/|$)/.test(name)) return;
    changed.add(resolve(folder, name));
    clearTimeout(timer);
    timer = setTimeout(settle, quietMs);
  });
  const end = (): void => {
    clearTimeout(timer);
    watcher.close();
    wake();
  };
  signal.addEventListener('abort', end, { once: true });
  return (async function* () {
    while (!signal.aborted) {
      if (settled) {
        const some = changed;
        [changed, settled] = [new Set(), false];
        yield some;
      } else await new Promise<void>((done) => (wake = done));
    }
  })();
}
