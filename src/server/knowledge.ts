import type { Config } from '../config/types.ts';
import type { Clock } from '../lib/clock.ts';
import type { Store } from '../store/types.ts';
import { startFeeds } from './files/feeds.ts';
import { crlIssuers } from './loaded.ts';
import type { InForce } from './reload.ts';
import { sourceSpecs } from './sources/all.ts';
import { startSources } from './sources/sources.ts';
import { spoolFolder } from './sources/spool.ts';
import type { SourceSpec, SourceView } from './sources/types.ts';
import type { StoreHand } from './helpers/store-hand.ts';

export interface KnowledgeOptions {
  readonly store: Store;
  readonly inForce: () => InForce;
  /** Distribution points that certificates of connections have named so far. */
  readonly seenPoints: () => readonly string[];
  /** Sources of bundles. */
  readonly bundles: (config: Config) => readonly SourceSpec[];
  /** Who does what would hold up decisions; undefined as long as none are made. */
  readonly hand: () => StoreHand | undefined;
  readonly clock: Clock;
  readonly log: (line: string) => void;
}

/** Everything that keeps the state up to date by itself: watched files, and sources in the background. */
export interface Knowledge {
  views(): readonly SourceView[];
  /** Another configuration or another state file: files are read again, sources as they are due. */
  reconfigure(): Promise<void>;
  /** Asks every background source now; does not wait for their answers. */
  ask(): void;
  stop(): Promise<void>;
}

/** Resolves once the watched files are read; background sources are waited for by nobody. */
export async function startKnowledge({
  store,
  inForce,
  seenPoints,
  bundles,
  hand,
  clock,
  log,
}: KnowledgeOptions): Promise<Knowledge> {
  const ending = new AbortController();
  const world = {
    store,
    signal: ending.signal,
    hand,
    clock,
    log,
    config: () => inForce().config,
    issuers: () => crlIssuers(inForce().authorities),
  };
  const feeds = await startFeeds(world);
  const sources = await startSources({
    store,
    clock,
    log,
    sources: sourceSpecs(world, inForce, seenPoints, bundles),
    folder: spoolFolder(store.path),
  });
  return {
    views: () => [...feeds.sources(), ...sources.views()],
    reconfigure: () => {
      sources.reconfigure();
      return feeds.refresh();
    },
    ask: () => void sources.refresh(),
    stop: () => {
      ending.abort();
      feeds.stop();
      return sources.stop();
    },
  };
}
