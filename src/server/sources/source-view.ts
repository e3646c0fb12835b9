import { formatInstant } from '../../lib/clock.ts';
import type { EpochMs } from '../../lib/clock.ts';
import type { SourceState } from '../../store/source-states.ts';
import type { SourceView } from './types.ts';

/** A state's view at `now`. `maxAge` in milliseconds, null = none. */
export function viewOf(state: SourceState, maxAge: number | null, now: EpochMs): SourceView {
  const { kind, name, location, lastSuccess, failures, error, sequence } = state;
  return {
    kind,
    name,
    location,
    last_success: instant(lastSuccess),
    last_attempt: instant(state.lastAttempt),
    last_change: instant(state.lastChange),
    age_s: lastSuccess === null ? null : Math.floor((now - lastSuccess) / 1000),
    stale: lastSuccess === null || (maxAge !== null && now - lastSuccess > maxAge),
    next_fetch: instant(state.nextFetch),
    failures,
    error,
    sequence,
  };
}

/** The state of a source that was never asked. */
export function newState(kind: string, name: string, location: string): SourceState {
  return {
    kind,
    name,
    location,
    etag: null,
    lastModified: null,
    digest: null,
    lastAttempt: null,
    lastSuccess: null,
    lastChange: null,
    nextFetch: null,
    renewBy: null,
    failures: 0,
    error: null,
    sequence: null,
    sequenceDigest: null,
  };
}

function instant(at: EpochMs | null): string | null {
  return at === null ? null : formatInstant(at);
}
