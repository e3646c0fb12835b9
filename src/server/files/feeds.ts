import { extname } from 'node:path';
import type { Config } from '../../config/types.ts';
import type { Clock, EpochMs } from '../../lib/clock.ts';
import { asPortreeveError } from '../../lib/errors.ts';
import type { PortreeveError } from '../../lib/errors.ts';
import { createRevocationReader } from '../../revocation/reader.ts';
import type { RevocationReader } from '../../revocation/types.ts';
import type { SourceState } from '../../store/source-states.ts';
import { applyCrlFile, isLarge } from '../helpers/apply-crl-file.ts';
import type { CrlWorld } from '../helpers/apply-crl-file.ts';
import { forgetFileState, keepFileStates, noteFileState } from './file-states.ts';
import { newState, viewOf } from '../sources/source-view.ts';
import type { SourceView } from '../sources/types.ts';
import { startWatching } from './watch.ts';
import type { FileChange, Watcher } from './watch.ts';

export interface Feeds {
  /** Files, and configured paths where nothing can be read, in the form of all sources. */
  sources(): readonly SourceView[];
  /** Reads everything again, under new anchors or paths. */
  refresh(): Promise<void>;
  stop(): void;
}

export interface FeedOptions extends CrlWorld {
  readonly clock: Clock;
}

const endings = new Set(['.crl', '.pem', '.der']);

/** Longest pause between two attempts at a file that fails without having changed (ms); large ones cost more to try. */
const maxPauseMs = 60_000;
const maxLargePauseMs = 10 * 60_000;

/**
 * Imports the configured CRL files, and whatever replaces them while the server runs. What cannot be read or is
 * refused is told in `sources` and never lowers what is known. Resolves after the first reading of all, but for large
 * files of which an earlier state is in force: a start does not wait for what a running server would not wait for.
 */
export async function startFeeds(options: FeedOptions): Promise<Feeds> {
  const states = new Map<string, SourceState>();
  const large: LargeFiles = { reading: Promise.resolve() };
  const pollMs = options.config().revocation.poll;
  const watcher: Watcher = await startWatching({
    paths: () => options.config().revocation.crls,
    pollMs,
    clock: options.clock,
    onChange: (changes) => follow(changes, states, large, options),
  });
  // One for good: a store keeps account of each.
  let crls: RevocationReader | undefined;
  const readAll = async (): Promise<void> => {
    forgetMissing(states, watcher, options);
    const known = sourcesInForce(options, () => (crls ??= createRevocationReader(options.store)));
    for (const path of watcher.files().filter(isCrlFile(options.config()))) {
      if (known.has(path) && (await isLarge(path))) readLarge(path, states, large, options);
      else await read(path, states, options);
    }
  };
  await readAll();
  let retrying = false;
  const timer = setInterval(() => {
    if (retrying) return;
    retrying = true;
    void retryFailed(states, options).finally(() => (retrying = false));
  }, pollMs);
  return {
    sources: () => [...told(states, options.clock.now()), ...unreadable(watcher, options)],
    refresh: async () => {
      await watcher.look();
      await readAll();
    },
    stop: () => {
      clearInterval(timer);
      watcher.stop();
    },
  };
}

/** Large files that changed are read one after the other, and no small one waits for them. */
interface LargeFiles {
  reading: Promise<void>;
}

async function follow(
  changes: readonly FileChange[],
  states: Map<string, SourceState>,
  large: LargeFiles,
  options: FeedOptions,
): Promise<void> {
  const wanted = isCrlFile(options.config());
  for (const { path, state } of changes) {
    if (state === 'gone') forget(path, states, options);
    else if (!wanted(path)) continue;
    else if (await isLarge(path)) readLarge(path, states, large, options);
    else await read(path, states, options);
  }
}

function readLarge(
  path: string,
  states: Map<string, SourceState>,
  large: LargeFiles,
  options: FeedOptions,
): void {
  large.reading = large.reading.then(() => read(path, states, options));
}

/** The files that CRLs in force came from; none where the store cannot tell just now. */
function sourcesInForce({ log }: FeedOptions, reader: () => RevocationReader): ReadonlySet<string> {
  try {
    // Further ones of a bundle are called by its path and their place.
    return new Set(
      reader()
        .crls()
        .map(({ source }) => source.replace(/#\d+$/, '')),
    );
  } catch (thrown) {
    log(`which CRLs are in force is not known: ${asPortreeveError(thrown).message}`);
    return new Set();
  }
}

/** Reads one file; a failure is remembered and tried again later, because time or permissions may mend it. */
async function read(path: string, states: Map<string, SourceState>, options: FeedOptions): Promise<void> {
  const before = states.get(path) ?? newState('crl', path, path);
  const state = { ...before, lastAttempt: options.clock.now() };
  states.set(path, state);
  const keep = (next: SourceState): void => {
    // A file that went away meanwhile stays forgotten.
    if (!states.has(path)) return;
    states.set(path, next);
    noteFileState(options.store, next);
  };
  try {
    const changed = await importFile(path, options);
    if (before.error) options.log(`${path} is read again`);
    const now = options.clock.now();
    const { lastChange } = changed ? { lastChange: now } : before;
    keep({ ...state, lastSuccess: now, lastChange, nextFetch: null, failures: 0, error: null });
  } catch (thrown) {
    const most = (await isLarge(path)) ? maxLargePauseMs : maxPauseMs;
    keep(failed(state, asPortreeveError(thrown, 'PDP_CRL_INVALID'), most, options));
  }
}

async function importFile(path: string, options: FeedOptions): Promise<boolean> {
  const act = { now: options.clock.now(), why: 'watched file' };
  return (await applyCrlFile({ path, name: path }, options, act)).changed;
}

function failed(state: SourceState, error: PortreeveError, most: number, options: FeedOptions): SourceState {
  const { code, message } = error;
  if (state.error?.message !== message) options.log(`${state.name} is not used: ${message}`);
  const failures = state.failures + 1;
  const pause = Math.min(most, options.config().revocation.poll * 2 ** Math.min(failures, 16));
  return { ...state, failures, error: { code, message }, nextFetch: options.clock.now() + pause };
}

async function retryFailed(states: Map<string, SourceState>, options: FeedOptions): Promise<void> {
  for (const [path, state] of states) {
    const left = (state.nextFetch ?? 0) - options.clock.now();
    // Further ahead than any pause: noted by a clock that has since been put back.
    if (state.error && (left <= 0 || left > maxPauseMs)) await read(path, states, options);
  }
}

function forget(path: string, states: Map<string, SourceState>, { store }: FeedOptions): void {
  states.delete(path);
  forgetFileState(store, path);
}

function forgetMissing(states: Map<string, SourceState>, watcher: Watcher, { store }: FeedOptions): void {
  const files = new Set(watcher.files());
  keepFileStates(store, files);
  for (const path of states.keys()) if (!files.has(path)) states.delete(path);
}

/** A configured path counts whatever its name; in a folder only names that end like CRLs. */
function isCrlFile(config: Config): (path: string) => boolean {
  const configured = new Set(config.revocation.crls);
  return (path) => configured.has(path) || endings.has(extname(path));
}

function told(states: ReadonlyMap<string, SourceState>, now: EpochMs): SourceView[] {
  return [...states.values()].map((state) => viewOf(state, null, now));
}

/** CRL files that cannot be read, and configured paths behind which there is none at all. */
function unreadable(watcher: Watcher, options: FeedOptions): SourceView[] {
  const config = options.config();
  const files = watcher.files();
  const broken = watcher.unreadable().filter(isCrlFile(config));
  const empty = config.revocation.crls.filter(
    (path) => ![...files, ...broken].some((file) => file === path || file.startsWith(`${path}/`)),
  );
  const at = options.clock.now();
  return [
    ...broken.map((source) => unusable(source, 'cannot be read: is it there, a file, and readable?', at)),
    ...empty.map((source) => unusable(source, 'there is no CRL file in it', at)),
  ];
}

function unusable(path: string, problem: string, now: EpochMs): SourceView {
  const error = { code: 'PDP_CRL_INVALID', message: `${path}: ${problem}` };
  return viewOf({ ...newState('crl', path, path), lastAttempt: now, failures: 1, error }, null, now);
}
