import type { Certificate } from '../../identity/types.ts';
import type { EpochMs } from '../../lib/clock.ts';
import type { SignedCheckpoint } from '../tlog/checkpoint.ts';
import type { NoteVerifier } from '../tlog/note.ts';

/**
 * Where what outsiders have said is kept, relative to the log. Both folders have `list.json` (the names of their
 * `YYYY-MM-DD.ndjson`, oldest first) and `standing.json` (the last word of each outsider); `witness/checkpoint` is the
 * largest checkpoint that has a cosignature, with all that it has.
 */
export const witnessFolder = 'witness';
export const anchorFolder = 'anchors';
export const cosignedCheckpointPath = `${witnessFolder}/checkpoint`;

/** One line of `witness/*.ndjson`. */
export interface CosignatureLine {
  /** When it was asked for, by our clock; RFC 3339. */
  readonly at: string;
  /** The checkpoint with the log's signatures and this witness's. */
  readonly checkpoint: string;
}

/** One line of `anchors/*.ndjson`. */
export type AnchorLine = TimestampLine | PutLine;

export interface TimestampLine {
  readonly kind: 'timestamp';
  /** Name of the anchor in the configuration. */
  readonly anchor: string;
  readonly at: string;
  /** The checkpoint, whose bytes are what was stamped. */
  readonly checkpoint: string;
  /** The TimeStampResp (RFC 3161) in base64, as the authority sent it. */
  readonly response: string;
}

export interface PutLine {
  readonly kind: 'put';
  readonly anchor: string;
  readonly at: string;
  /** The checkpoint, which is the object's bytes. */
  readonly checkpoint: string;
  /** Where it was put, without the query. */
  readonly url: string;
  /** What the store said of it, where it did. */
  readonly etag: string | null;
  readonly version: string | null;
}

/** What is believed about outsiders; who verifies brings it, since what a log says of its own witnesses proves nothing. */
export interface OutsiderTrust {
  /** Keys of the log, the present one and those before. */
  readonly log: readonly NoteVerifier[];
  /** Keys of witnesses (type 4). */
  readonly witnesses: readonly NoteVerifier[];
  /** CAs that time-stamping authorities chain to. */
  readonly timestampAnchors: readonly Certificate[];
  /** Without it nothing is known of what was put but the operator's own word, and it counts for nothing. */
  readonly readObject?: ReadObject;
  /** Objects that are read back at most: of more as many, evenly from the first to the last. All unless said. */
  readonly mostObjects?: number;
}

/**
 * Reads an object back from where it was put, with the time at which the store says that it came; undefined where it is
 * gone, `unread` with the cause where the store is none that is trusted, or cannot be asked.
 */
export type ReadObject = (
  url: string,
) => Promise<{ readonly bytes: Uint8Array; readonly at: EpochMs } | { readonly unread: string } | undefined>;

/** A tree that an outsider saw, with whatever was needed to believe it. */
export interface Sighting {
  readonly by: 'witness' | 'timestamp' | 'put';
  /** The witness's name; the anchor's, with that of the authority's certificate. */
  readonly name: string;
  readonly size: number;
  /** The outsider's time. */
  readonly at: EpochMs;
}

/**
 * Something kept that counts for nothing. What `contradicts` is an outsider's word against the log (a fork, or a log cut
 * off); `invalid` does not verify; `unknown` is what no key or authority was given for, or what could not be read back.
 */
export interface OutsiderProblem {
  readonly kind: 'contradicts' | 'invalid' | 'unknown';
  /** File and line, `witness/2026-11-22.ndjson:12`, of the first of them. */
  readonly where: string;
  readonly message: string;
  /** How many lines have the same. */
  readonly count: number;
}

/** Entries `from.size` up to below `to.size`, first seen from outside at `to.at`. */
export interface Stretch {
  /** Size 0 = the begin of the log; then `at` is the time of its first record, where that was told. */
  readonly from: { readonly size: number; readonly at: EpochMs | null };
  /** `seen` = false: no outsider has seen these entries yet, and they end with the checkpoint. */
  readonly to: { readonly size: number; readonly at: EpochMs | null; readonly seen: boolean };
  readonly entries: number;
  /** Milliseconds; null where an end's time is not known. */
  readonly ms: number | null;
}

/** What outsiders can say about a log. */
export interface Outsiders {
  /** Ascending by size. */
  readonly witnessed: readonly Sighting[];
  readonly anchored: readonly Sighting[];
  readonly problems: readonly OutsiderProblem[];
  /** How many of the objects that were put were read back, are no longer there, or were not read. */
  readonly objects: { readonly read: number; readonly gone: number; readonly unread: number };
  /** The stretches that were unseen the longest, and over the most entries; 'operator only' where no outsider saw any. */
  readonly longestUnseen: { readonly time: Stretch; readonly entries: Stretch } | 'operator only';
}

/** What `outsiders` compares with. */
export interface OutsiderQuestion {
  /** The checkpoint that the log stands at; its signature was verified by the caller. */
  readonly current: SignedCheckpoint;
  /** Times of the first and last record, where the caller has read them. */
  readonly span?: { readonly first: EpochMs | null; readonly last: EpochMs | null };
}
