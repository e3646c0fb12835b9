import { extname } from 'node:path';
import type { Config } from '../config/types.ts';
import type { Certificate } from '../identity/types.ts';
import type { Clock, EpochMs } from '../lib/clock.ts';
import { asPortreeveError } from '../lib/errors.ts';
import type { PortreeveError } from '../lib/errors.ts';
import { importCrl } from '../revocation/import-crl.ts';
import { readCrlFile } from '../revocation/sources/crl-files.ts';
import type { Store } from '../store/types.ts';
import { crlKeeper } from './keep-crl.ts';
import { startWatching } from './watch.ts';
import type { FileChange, Watcher } from './watch.ts';

/** What is known of one source of CRLs: a file, or a configured path where nothing can be read. */
export interface FeedSource {
  readonly source: string;
  readonly lastRead: EpochMs | null;
  /** What was wrong with it the last time; the CRL that it brought before stays in force. */
  readonly error: { readonly code: string; readonly message: string; readonly at: EpochMs } | null;
}

export interface Feeds {
  sources(): readonly FeedSource[];
  /** Reads everything again, under new anchors or paths. */
  refresh(): Promise<void>;
  stop(): void;
}

export interface FeedOptions {
  readonly store: Store;
  readonly config: () => Config;
  /** CA certificates whose CRLs are taken: those of devices and of PEPs. */
  readonly issuers: () => readonly Certificate[];
  readonly clock: Clock;
  readonly log: (line: string) => void;
}

interface SourceState {
  lastRead: EpochMs | null;
  error: FeedSource['error'];
  failures: number;
  retryAt: EpochMs;
}

const endings = new Set(['.crl', '.pem', '.der']);

/** Longest pause between two attempts at a source that fails without having changed (ms). */
const maxPauseMs = 60_000;

/**
 * Imports the configured CRL files, and whatever replaces them while the server runs. What cannot be read or is
 * refused is told in `sources` and never lowers what is known. Resolves after the first reading of all.
 */
export async function startFeeds(options: FeedOptions): Promise<Feeds> {
  const states = new Map<string, SourceState>();
  const pollMs = options.config().revocation.poll;
  const watcher: Watcher = await startWatching({
    paths: () => options.config().revocation.crls,
    pollMs,
    clock: options.clock,
    onChange: (changes) => follow(changes, states, options),
  });
  const readAll = async (): Promise<void> => {
    forgetMissing(states, watcher);
    for (const path of watcher.files().filter(isCrlFile(options.config()))) await read(path, states, options);
  };
  await readAll();
  let retrying = false;
  const timer = setInterval(() => {
    if (retrying) return;
    retrying = true;
    void retryFailed(states, options).finally(() => (retrying = false));
  }, pollMs);
  return {
    sources: () => [...told(states), ...unreadable(watcher, options)],
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

async function follow(
  changes: readonly FileChange[],
  states: Map<string, SourceState>,
  options: FeedOptions,
): Promise<void> {
  const wanted = isCrlFile(options.config());
  for (const { path, state } of changes) {
    if (state === 'gone') states.delete(path);
    else if (wanted(path)) await read(path, states, options);
  }
}

/** Reads one file; a failure is remembered and tried again later, because time or permissions may mend it. */
async function read(path: string, states: Map<string, SourceState>, options: FeedOptions): Promise<void> {
  const state = states.get(path) ?? { lastRead: null, error: null, failures: 0, retryAt: 0 };
  states.set(path, state);
  try {
    await importFile(path, options);
    if (state.error) options.log(`${path} is read again`);
    state.error = null;
    state.failures = 0;
  } catch (thrown) {
    fail(state, path, asPortreeveError(thrown, 'PDP_CRL_INVALID'), options);
  }
  state.lastRead = options.clock.now();
}

async function importFile(path: string, options: FeedOptions): Promise<void> {
  for (const { source, bytes } of await readCrlFile(path)) {
    const done = await importCrl(options.store, {
      bytes,
      issuers: options.issuers(),
      source,
      now: options.clock.now(),
      actor: 'server',
      why: 'watched file',
      keep: crlKeeper(options.config(), (problem) => options.log(`${source}: ${problem}`)),
    });
    if (done.changed) {
      options.log(
        `CRL of ${done.crl.issuerName} imported from ${source}: ${done.added} added, ${done.removed} removed`,
      );
    }
  }
}

function fail(state: SourceState, path: string, error: PortreeveError, options: FeedOptions): void {
  const at = options.clock.now();
  if (state.error?.message !== error.message) options.log(`${path} is not used: ${error.message}`);
  state.failures += 1;
  state.retryAt =
    at + Math.min(maxPauseMs, options.config().revocation.poll * 2 ** Math.min(state.failures, 16));
  state.error = { code: error.code, message: error.message, at };
}

async function retryFailed(states: Map<string, SourceState>, options: FeedOptions): Promise<void> {
  for (const [path, state] of states) {
    if (state.error && options.clock.now() >= state.retryAt) await read(path, states, options);
  }
}

function forgetMissing(states: Map<string, SourceState>, watcher: Watcher): void {
  const files = new Set(watcher.files());
  for (const path of states.keys()) if (!files.has(path)) states.delete(path);
}

/** A configured path counts whatever its name; in a folder only names that end like CRLs. */
function isCrlFile(config: Config): (path: string) => boolean {
  const configured = new Set(config.revocation.crls);
  return (path) => configured.has(path) || endings.has(extname(path));
}

function told(states: ReadonlyMap<string, SourceState>): FeedSource[] {
  return [...states].map(([source, { lastRead, error }]) => ({ source, lastRead, error }));
}

/** CRL files that cannot be read, and configured paths behind which there is none at all. */
function unreadable(watcher: Watcher, options: FeedOptions): FeedSource[] {
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

function unusable(source: string, problem: string, at: EpochMs): FeedSource {
  const message = `${source}: ${problem}`;
  return { source, lastRead: null, error: { code: 'PDP_CRL_INVALID', message, at } };
}
