import { statSync, watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Clock } from '../../lib/clock.ts';
import { filesOf, fingerprint } from './fingerprint.ts';
import type { Fingerprint } from './fingerprint.ts';
import { watchStillWritten } from './still-written.ts';
import type { StillWritten } from './still-written.ts';

export interface FileChange {
  readonly path: string;
  readonly state: 'new' | 'changed' | 'gone';
}

export interface Watcher {
  /** Readable files as of the last look, sorted. */
  files(): readonly string[];
  /** Files that were there at the last look and could not be read (permissions, links that lead nowhere), sorted. */
  unreadable(): readonly string[];
  /** Looks now and resolves once changes have been handed over. Looks never overlap. */
  look(): Promise<void>;
  stop(): void;
}

export interface WatchOptions {
  /** Files and folders; asked anew at every look, because a reload may change them. */
  readonly paths: () => readonly string[];
  readonly pollMs: number;
  readonly clock: Clock;
  /**
   * How long a file that is written in place must stand still before it counts, and one that was there be away before it
   * is gone (ms; by default not at all), for files of which the first half could be taken for a whole.
   */
  readonly quietMs?: number;
  /** Must not reject. Not called for what the first look finds. */
  readonly onChange: (changes: readonly FileChange[]) => void | Promise<void>;
}

/** How long to gather events of the file system before looking (ms): a rename is several events. */
const settleMs = 10;

/**
 * Watches files and folders by content. Polling is what it relies on (network file systems and overlays send no
 * events); events of the file system only make it look sooner. Replacement by rename, by a swap of symbolic links
 * and writing in place are all seen; touching a file is not a change. Resolves after the first look.
 */
export async function startWatching(options: WatchOptions): Promise<Watcher> {
  const known = new Map<string, Fingerprint>();
  const unreadable = new Set<string>();
  const quietMs = options.quietMs ?? 0;
  const written = watchStillWritten(quietMs);
  const hints = new Map<string, FSWatcher>();
  let stopped = false;
  let settle: NodeJS.Timeout | undefined;
  let last: Promise<void> = Promise.resolve();

  // One look after another; whoever asks during a look gets the next one, which sees what they wrote.
  const look = (): Promise<void> => {
    last = last.then(async () => {
      if (stopped) return;
      followFolders(options.paths(), hints, onEvent);
      const changes = await findChanges(options, { known, unreadable, written });
      if (written.waits()) hint(quietMs);
      if (changes.length > 0 && !stopped) await options.onChange(changes);
    });
    return last;
  };
  const hint = (afterMs: number): void => {
    if (stopped) return;
    settle ??= setTimeout(() => {
      settle = undefined;
      void look();
    }, afterMs);
  };

  const onEvent = (folder: string, name: string | null): void => {
    if (mayConcern(folder, name, options.paths(), known)) hint(settleMs);
  };

  followFolders(options.paths(), hints, onEvent);
  await findChanges(options, { known, unreadable, written });
  const timer = setInterval(() => void look(), options.pollMs);
  return {
    files: () => [...known.keys()].sort(),
    unreadable: () => [...unreadable].sort(),
    look,
    stop: () => {
      stopped = true;
      clearInterval(timer);
      clearTimeout(settle);
      for (const watching of hints.values()) watching.close();
      hints.clear();
    },
  };
}

/** What is remembered from one look to the next. */
interface Remembered {
  readonly known: Map<string, Fingerprint>;
  readonly unreadable: Set<string>;
  readonly written: StillWritten;
}

/** Compares what is there with what was known, and remembers what is there and what of it cannot be read. */
async function findChanges(
  options: WatchOptions,
  { known, unreadable, written }: Remembered,
): Promise<FileChange[]> {
  const changes: FileChange[] = [];
  const gone = new Set(known.keys());
  const files = (await Promise.all(options.paths().map(filesOf))).flat();
  for (const path of unreadable) if (!files.includes(path)) unreadable.delete(path);
  for (const path of new Set(files)) {
    const before = known.get(path);
    const found = await fingerprint(path, before, options.clock.now());
    if (found === undefined) {
      unreadable.add(path);
      continue;
    }
    unreadable.delete(path);
    gone.delete(path);
    if (before && written.isHalf(path, before, found, options.clock.monotonic())) continue;
    known.set(path, found);
    if (before === undefined) changes.push({ path, state: 'new' });
    else if (before.digest !== found.digest) changes.push({ path, state: 'changed' });
  }
  for (const path of gone) {
    if (!written.isGone(path, options.clock.monotonic())) continue;
    known.delete(path);
    written.forget(path);
    changes.push({ path, state: 'gone' });
  }
  return changes;
}

/**
 * Whether an event in a folder may be about what is watched. Logs and databases often stand beside it, and their every
 * write must not be a reason to look. Names that begin with two dots are Kubernetes' links; a file that is a link is
 * also told of by where it leads.
 */
function mayConcern(
  folder: string,
  name: string | null,
  paths: readonly string[],
  known: ReadonlyMap<string, Fingerprint>,
): boolean {
  if (name === null || name.startsWith('..') || paths.includes(folder)) return true;
  const isNamed = (path: string): boolean => basename(path) === name;
  return paths.some(isNamed) || known.values().some(({ real }) => isNamed(real));
}

type OnEvent = (folder: string, name: string | null) => void;

/** Keeps one watcher on each folder that matters: a watched folder itself, and the folder that a file is in. */
function followFolders(paths: readonly string[], hints: Map<string, FSWatcher>, onEvent: OnEvent): void {
  const wanted = new Set(paths.flatMap((path) => [path, dirname(path)]));
  for (const [folder, watching] of hints) {
    if (wanted.has(folder)) continue;
    watching.close();
    hints.delete(folder);
  }
  for (const folder of wanted) {
    if (hints.has(folder)) continue;
    const watching = watchFolder(folder, onEvent, () => hints.delete(folder));
    if (watching) hints.set(folder, watching);
  }
}

/** Undefined where the path is no folder or cannot be watched: polling sees its changes all the same. */
function watchFolder(folder: string, onEvent: OnEvent, ended: () => void): FSWatcher | undefined {
  try {
    if (!statSync(folder).isDirectory()) return undefined;
    const watching = watch(folder, { persistent: false }, (_kind, name) => onEvent(folder, name));
    watching.on('error', () => {
      watching.close();
      ended();
    });
    return watching;
  } catch {
    return undefined;
  }
}
