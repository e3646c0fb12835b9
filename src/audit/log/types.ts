import type { EpochMs } from '../../lib/clock.ts';
import type { PortreeveError } from '../../lib/errors.ts';
import type { Lines } from '../line-block.ts';
import type { SignedCheckpoint } from '../tlog/checkpoint.ts';
import type { LogFiles } from '../tlog/log-files.ts';
import type { NoteSignature } from '../tlog/note.ts';

/**
 * When a record counts as kept: `strict` once it is on the disk, `relaxed` once the operating system has it, and on the
 * disk `flushMs` later at the latest.
 */
export type LogMode = 'strict' | 'relaxed';

/** What may be removed; without either nothing ever is. */
export interface Retention {
  /** Age above which whole bundles of entries may go (ms); null = none goes for its age. */
  readonly maxAgeMs: number | null;
  /** Bytes of tiles and bundles above which the oldest bundles go; null = no limit. */
  readonly maxBytes: number | null;
}

export interface LogOptions {
  /** What the log is called (origin of its checkpoints, name of its key); undefined = as it is called already. */
  readonly origin?: string | undefined;
  /** What a new log is called that is given no origin. */
  readonly defaultOrigin: string;
  /** File of the private Ed25519 key (PKCS #8 PEM); made where the log is new and has none. */
  readonly keyFile: string;
  readonly mode: LogMode;
  /** Most time (ms) that a record is with the operating system alone. */
  readonly flushMs: number;
  /** Of how much time (ms) records may be lost with those who write them; `flushMs` unless said. */
  readonly mayLoseMs?: number;
  /** Between two checkpoints while there are new entries (ms); 1000 unless said. */
  readonly checkpointMs?: number;
  readonly retention?: Retention;
  /** How long checkpoints carry the signature of the key that was rotated away (ms); a day unless said. */
  readonly overlapMs?: number;
  readonly now: () => EpochMs;
  /** Milliseconds that only ever grow; without it `pauseMs` asks for no pause. */
  readonly monotonic?: () => number;
  /** The process that holds the log; said to whoever is refused. */
  readonly pid?: number;
  /** Told once the log is open, before anything is appended; what it answers becomes the next entries. */
  readonly onOpened?: (opened: Opened) => readonly string[];
  /** Told of a key that takes over; answers the record of that act, which the old key's last checkpoint covers. */
  readonly onRotated?: (rotated: Rotated) => string;
  /** Told before records are removed that retention lets go; answers the record of that act. */
  readonly onPruned?: (pruned: Pruned) => string;
  /** Told after each checkpoint, once it is in place. Must not throw. */
  readonly onIntegrated?: (integrated: Integrated) => void;
  /** Told of a failure that no caller waits for; told once, until it works again. */
  readonly onProblem?: (error: PortreeveError) => void;
}

/** How the log was found. */
export interface Opened {
  readonly origin: string;
  /** Whether it was begun just now. */
  readonly created: boolean;
  /** Text form of the key that signs it. */
  readonly key: string;
  /** Entries that are in it. */
  readonly size: number;
  /** Entries that its last checkpoint did not cover yet. */
  readonly recovered: number;
  /** How the last writer ended, where it did not close the log; null where it did, or there was none. */
  readonly unclean: {
    readonly mode: LogMode;
    /** Most time before its end of which records may be missing (ms); 0 in strict mode. */
    readonly flushMs: number;
    /** When it opened the log. */
    readonly openedAt: string;
    /** When the last entry was written that is there, by its file; null where there is none. */
    readonly lastWrite: string | null;
    /** Bytes of an entry that was not whole, and were cut off. */
    readonly tornBytes: number;
  } | null;
}

/** A key that takes over from another one. */
export interface Rotated {
  readonly before: string;
  readonly after: string;
  /** The new key's text form under the old key's signature (a signed note). */
  readonly succession: string;
}

/** Records that retention lets go: those below `minimumIndex`. */
export interface Pruned {
  readonly before: number;
  readonly minimumIndex: number;
}

/** A checkpoint that came, and the entries that it covers and the one before did not: `from` up to below `to`. */
export interface Integrated {
  readonly checkpoint: SignedCheckpoint;
  readonly from: number;
  readonly to: number;
}

/** What there is to say of a log that is being written. */
export interface LogStats {
  /** Entries, and of those how many the last checkpoint covers. */
  readonly size: number;
  readonly integrated: number;
  /** First entry that is still there. */
  readonly minimumIndex: number;
  /** Entries that retention lets go, and that could not be removed so far. */
  readonly overdue: number;
  /** Bytes of bundles and tiles; null until they were counted. */
  readonly bytes: number | null;
  /** Days until retention or the volume ends the growth, at the rate of the last hours; null while that is unknown. */
  readonly roomDays: number | null;
}

/** A log that this process alone writes. */
export interface Log {
  /**
   * Appends entries in the order of the calls; resolves once they are kept in the log's mode. The log is opened by the
   * first call. Rejects with PDP_AUDIT_UNAVAILABLE, and then none of them is in the log; PDP_LIMIT_EXCEEDED where one
   * is longer than an entry may be.
   */
  append(lines: readonly Lines[]): Promise<void>;
  /** Opens the log where no `append` has. Rejects as `append`. */
  open(): Promise<Opened>;
  /** Entries that are kept. */
  readonly size: number;
  /** The last checkpoint that is in place; undefined before the log is open. */
  checkpoint(): SignedCheckpoint | undefined;
  /** Puts everything that is kept under a checkpoint now. Rejects with PDP_AUDIT_UNAVAILABLE. */
  integrate(): Promise<SignedCheckpoint>;
  /**
   * Adds others' signatures to the checkpoint in place, where it still is the one of this size; answers whether it is.
   * The log's own signatures stay first. Rejects with PDP_AUDIT_UNAVAILABLE.
   */
  countersign(size: number, signatures: readonly NoteSignature[]): Promise<boolean>;
  /**
   * Lets a key take over that waits beside the log's own (`nextKeyFile`), and answers whether one did; done by itself
   * within a second while the log is open. Rejects with PDP_KEYS_INVALID for what is no key, and as `append`.
   */
  rotate(): Promise<boolean>;
  /** Removes what retention lets go; done by itself every minute while the log is open. */
  tend(): Promise<void>;
  readonly files: LogFiles;
  stats(): LogStats;
  /** How long (ms) a caller who has more to come does well to wait before the next `append`. */
  pauseMs(): number;
  /** Nothing to do for a log in a folder; a file of lines is opened anew. */
  reopen(): Promise<void>;
  /**
   * Puts everything under a checkpoint and gives the log back. Where it is not `complete`, because its writer had more that
   * could not be appended, it is left as by a writer that did not close it: the next one says so.
   */
  close(complete?: boolean): Promise<void>;
}

/** Where a log's keys stand, relative to the log: a `KeyList` in JSON. */
export const keyListPath = 'keys/log.json';

/** The keys that a log was ever signed with, the oldest first. */
export interface KeyList {
  readonly keys: readonly LogKey[];
}

export interface LogKey {
  /** The verifier's text form, `name+keyid+base64`. */
  readonly key: string;
  /** When it began to sign, and the size of the tree then. RFC 3339. */
  readonly from: { readonly time: string; readonly size: number };
  /** From when, and above which size, no checkpoint has only its signature; null for the key in use. */
  readonly until: { readonly time: string; readonly size: number } | null;
  /** A signed note of the key before, whose text names this one; null for the first. */
  readonly succession: string | null;
}

/** Where the first entry that is still there is told: a decimal number; without the file it is 0. */
export const minimumIndexPath = 'minimum-index';

/** Where checkpoints are kept for later: one of each hour, and of each day once they are older than a month. */
export const keptCheckpointsPath = 'checkpoints';
/** Beside files whose names a web server cannot tell: `files`, those that are there, oldest first. */
export const listName = 'list.json';
