import type { EpochMs } from '../../lib/clock.ts';
import type { RecordBlock } from '../read-blocks.ts';
import type { SignedCheckpoint } from '../tlog/checkpoint.ts';
import type { LogFiles } from '../tlog/log-files.ts';

/** Bytes at an HTTP address; undefined where there is nothing (404, 410). Rejects where it cannot be said. */
export type FetchFile = (url: string) => Promise<Uint8Array | undefined>;

/** Told of bytes as they are read. */
export type OnBytes = (count: number) => void;

/** Records that lie one behind the other: a file of lines, or the entries of a log. Can be read more than once. */
export interface RecordFile {
  /** What findings call it: path or address. */
  readonly path: string;
  /** Bytes that reading it tells of, as far as that is known beforehand; else 0. */
  readonly size: number;
  /** Whole records, one a line. Throws PDP_INPUT_MALFORMED where they cannot be read. */
  readonly blocks: (onBytes?: OnBytes) => AsyncIterable<RecordBlock>;
  /** One record after the other; undefined for one that is too long to be any. Throws as `blocks`. */
  readonly lines: (onBytes?: OnBytes) => AsyncIterable<string | undefined>;
}

/** A log in tiles, as it was when it was looked at. */
export interface TreeLog {
  readonly files: LogFiles;
  /** Read and not verified. */
  readonly checkpoint: SignedCheckpoint;
  /** First entry that retention has left. */
  readonly first: number;
  /** Where it lies on this machine; undefined for an address or an archive. */
  readonly folder?: string;
}

/** What one location names. */
export interface RecordLog {
  /** The location, as it was named. */
  readonly origin: string;
  /** In order: a file of lines with those that were rotated away from it, the oldest first; or a log alone. */
  readonly files: readonly RecordFile[];
  /** The log in tiles; undefined for files of lines, which nothing vouches for. */
  readonly tree?: TreeLog;
  /** Folder of what digests in records name; undefined where none is beside it. */
  readonly keptFolder?: string;
  /** Reads what a digest names from an archive or address that has the log; undefined for one that is not there. */
  readonly readKept?: (digest: string) => Promise<Uint8Array | undefined>;
}

/** A record with where it stands. */
export interface RecordEntry {
  /** The location that it comes from. */
  readonly origin: string;
  /** Index in the log; of files of lines the number of the line, counted from 0 over all of them. */
  readonly index: number;
  /** The record's own time. */
  readonly time: EpochMs;
  /** As untrusted as its file. */
  readonly record: Readonly<Record<string, unknown>>;
  /** As it stands in the log. */
  readonly bytes: Uint8Array;
}
