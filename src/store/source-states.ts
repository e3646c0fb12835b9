import type { EpochMs } from '../lib/clock.ts';
import type { SqlValue, Store } from './types.ts';

/** What is known of one background source; times in milliseconds since 1970, null where there was none yet. */
export interface SourceState {
  readonly kind: string;
  readonly name: string;
  /** URL or file; validators and digest belong to it. */
  readonly location: string;
  readonly etag: string | null;
  readonly lastModified: string | null;
  /** SHA-256 (hex) of what was applied last; of how it was read, too, where that matters. */
  readonly digest: string | null;
  readonly lastAttempt: EpochMs | null;
  /** When the source last said what is true now, whether or not that was new. */
  readonly lastSuccess: EpochMs | null;
  /** When something new of it was last applied. */
  readonly lastChange: EpochMs | null;
  readonly nextFetch: EpochMs | null;
  /** When what was applied ends by its own word (a CRL's nextUpdate). */
  readonly renewBy: EpochMs | null;
  /** Failed attempts since the last success. */
  readonly failures: number;
  readonly error: { readonly code: string; readonly message: string } | null;
  /** Highest sequence number of its signed statements, and the SHA-256 (hex) that this one was about. */
  readonly sequence: number | null;
  readonly sequenceDigest: string | null;
}

interface Row extends Record<string, SqlValue> {
  readonly kind: string;
  readonly name: string;
  readonly location: string;
  readonly etag: string | null;
  readonly last_modified: string | null;
  readonly digest: string | null;
  readonly last_attempt: number | null;
  readonly last_success: number | null;
  readonly last_change: number | null;
  readonly next_fetch: number | null;
  readonly renew_by: number | null;
  readonly failures: number;
  readonly error_code: string | null;
  readonly error_message: string | null;
  readonly sequence: number | null;
  readonly sequence_digest: string | null;
}

/** Every source that was ever asked, by kind and name. Throws PDP_STORE_UNAVAILABLE. */
export function readSourceStates(store: Store): readonly SourceState[] {
  return store.prepare<Row>('SELECT * FROM sources ORDER BY kind, name').all().map(fromRow);
}

/** One source's state, undefined before it was asked. Throws PDP_STORE_UNAVAILABLE. */
export function readSourceState(store: Store, kind: string, name: string): SourceState | undefined {
  const row = store.prepare<Row>('SELECT * FROM sources WHERE kind = ? AND name = ?').get(kind, name);
  return row && fromRow(row);
}

/** Writes one source's state in a transaction of its own, or in the one that is open. Throws PDP_STORE_UNAVAILABLE. */
export function writeSourceState(store: Store, state: SourceState): void {
  store.transact(() => {
    store
      .prepare(
        `INSERT OR REPLACE INTO sources (kind, name, location, etag, last_modified, digest, last_attempt, last_success,
          last_change, next_fetch, renew_by, failures, error_code, error_message, sequence, sequence_digest)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        state.kind,
        state.name,
        state.location,
        state.etag,
        state.lastModified,
        state.digest,
        state.lastAttempt,
        state.lastSuccess,
        state.lastChange,
        state.nextFetch,
        state.renewBy,
        state.failures,
        state.error?.code ?? null,
        state.error?.message ?? null,
        state.sequence,
        state.sequenceDigest,
      );
  });
}

/**
 * Forgets a source that is configured no more. One that had a sequence number stays: taken in again, it may not go
 * back behind that. Throws PDP_STORE_UNAVAILABLE.
 */
export function forgetSourceState(store: Store, kind: string, name: string): void {
  store.transact(() => {
    store.prepare('DELETE FROM sources WHERE kind = ? AND name = ? AND sequence IS NULL').run(kind, name);
  });
}

function fromRow(row: Row): SourceState {
  const { kind, name, location, etag, digest, failures, sequence } = row;
  return {
    kind,
    name,
    location,
    etag,
    lastModified: row.last_modified,
    digest,
    lastAttempt: row.last_attempt,
    lastSuccess: row.last_success,
    lastChange: row.last_change,
    nextFetch: row.next_fetch,
    renewBy: row.renew_by,
    failures,
    error: row.error_code === null ? null : { code: row.error_code, message: row.error_message ?? '' },
    sequence,
    sequenceDigest: row.sequence_digest,
  };
}
