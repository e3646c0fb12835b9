import type { Config } from '../config/types.ts';
import type { EpochMs } from '../lib/clock.ts';
import { formatDuration } from '../lib/duration.ts';
import type { Authorities } from '../server/loaded.ts';
import { fileStates } from '../server/files/file-states.ts';
import { configuredSources } from '../server/sources/configured.ts';
import { locationText } from '../server/sources/read-location.ts';
import { sourceKey } from '../server/sources/source-book.ts';
import { newState, viewOf } from '../server/sources/source-view.ts';
import type { SourceKind, SourceView } from '../server/sources/types.ts';
import { readSourceStates } from '../store/source-states.ts';
import type { Store } from '../store/types.ts';
import { table, type Cell, type Paint } from './output.ts';

/** What the store knows of the configured background sources, of one kind or all, and of watched CRL files. Throws PDP_STORE_UNAVAILABLE. */
export function sourceViews(
  config: Config,
  authorities: Authorities,
  store: Store,
  now: EpochMs,
  kind?: SourceKind,
): readonly SourceView[] {
  const states = readSourceStates(store);
  const known = new Map(states.map((state) => [sourceKey(state), state]));
  // Distribution points that the server has seen in connections are called by their URLs.
  const seen = states.flatMap(({ kind, name, location }) =>
    kind === 'crl' && name === location ? [location] : [],
  );
  const asked = configuredSources(config, authorities, seen)
    .filter((source) => kind === undefined || source.kind === kind)
    .map((source) => {
      const state = known.get(sourceKey(source));
      const location = locationText(source);
      const usable = state?.location === location ? state : undefined;
      return viewOf(usable ?? newState(source.kind, source.name, location), source.max_age, now);
    });
  return kind === undefined || kind === 'crl' ? [...asked, ...watchedFiles(config, store, now)] : asked;
}

/**
 * The watched CRL files, as the server last read them. A file that is older than another in its folder is refused and harms
 * nobody: whether what is in force is too old the CRLs themselves tell.
 */
function watchedFiles({ revocation }: Config, store: Store, now: EpochMs): readonly SourceView[] {
  const isWatched = (path: string): boolean =>
    revocation.crls.some((one) => path === one || path.startsWith(`${one}/`));
  return fileStates(store)
    .filter(({ location }) => isWatched(location))
    .map((state) => ({ ...viewOf({ ...state, kind: 'crl' }, null, now), stale: false }));
}

/** Sources as people read them; nothing where there are none. */
export function sourceTable(views: readonly SourceView[], paint: Paint): string {
  if (views.length === 0) return '';
  const head = ['source', 'kind', 'state', 'age', 'next', 'failures', 'sequence', 'error'];
  return table(head, views.map(row), paint);
}

function row(view: SourceView): Cell[] {
  const { name, kind, age_s: age, next_fetch: next, failures, sequence, error } = view;
  const state = error ? 'failing' : view.stale ? 'stale' : 'good';
  return [
    name,
    kind,
    { text: state, tone: view.stale ? 'bad' : error ? 'warn' : 'good' },
    age === null ? null : formatDuration(age * 1000),
    next,
    failures,
    sequence,
    error?.message ?? null,
  ];
}
