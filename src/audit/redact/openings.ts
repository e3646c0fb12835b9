import { closeSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describeThrown, PortreeveError } from '../../lib/errors.ts';
import type { Opening } from './redact-record.ts';

const lineFeed = 0x0a;
const space = 0x20;
const fileName = /^(\d{4}-\d\d-\d\d)\.[0-9a-f]{12}\.ndjson$/;

/** Openings of a folder, as far as they were not erased. */
export interface Openings {
  /** The opening of a decision that was made at a time (RFC 3339); undefined where there is none any more. */
  of(decisionId: string, time: string): Opening | undefined;
}

/** Days whose openings are held at once. */
const mostDays = 2;

/** Reads a day's files when one of its decisions is first asked for. Throws PDP_AUDIT_UNAVAILABLE where they cannot be. */
export function readOpenings(folder: string): Openings {
  const days = new Map<string, ReadonlyMap<string, Place>>();
  return {
    of: (decisionId, time) => {
      const day = time.slice(0, 10);
      const known = days.get(day) ?? placesOf(folder, day);
      if (!days.has(day) && days.size >= mostDays) days.clear();
      days.set(day, known);
      const place = known.get(decisionId);
      return place && readOpening(place.bytes.toString('utf8', place.start, place.end));
    },
  };
}

/** The openings beside folders of what is kept: of each log the first that has one counts. */
export function openingsBeside(keptFolders: readonly string[]): Openings {
  const all = keptFolders.map((folder) => readOpenings(join(dirname(folder), 'reveal')));
  return {
    of: (decisionId, time) => {
      for (const openings of all) {
        const found = openings.of(decisionId, time);
        if (found) return found;
      }
      return undefined;
    },
  };
}

/** Where in a file's bytes a line is, without its end. */
interface Place {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

function placesOf(folder: string, day: string): ReadonlyMap<string, Place> {
  const places = new Map<string, Place>();
  for (const file of filesIn(folder).filter((name) => name.startsWith(`${day}.`))) {
    const bytes = read(join(folder, file));
    for (const { start, end } of linesOf(bytes)) {
      const opening = readOpening(bytes.toString('utf8', start, end));
      if (opening) places.set(opening.decision_id, { bytes, start, end });
    }
  }
  return places;
}

/** What is to be erased of openings. */
export type Erasing = (opening: Opening) => boolean;

/**
 * Erases openings, also in files that a server is writing to: their bytes are overwritten where they stand, so that
 * commitments stay that nobody can open any more. What a full disk or a crash left of others goes too, whosever it was:
 * it opens nothing, and may say what is to be forgotten. Answers how many openings there were. Throws PDP_AUDIT_UNAVAILABLE.
 */
export function eraseOpenings(folder: string, erasing: Erasing): number {
  let erased = 0;
  for (const file of filesIn(folder)) {
    const path = join(folder, file);
    const bytes = read(path);
    for (const { start, end } of linesOf(bytes)) {
      const opening = readOpening(bytes.toString('utf8', start, end));
      if (opening && !erasing(opening)) continue;
      overwrite(path, start, end);
      if (opening) erased += 1;
    }
    eraseTornTail(path, bytes);
  }
  return erased;
}

/** How long a line is at most in being written (ms). */
const beingWrittenMs = 100;

/** Erases what no line feed ends, where nobody goes on with it. */
function eraseTornTail(path: string, seen: Buffer): void {
  const start = seen.lastIndexOf(lineFeed) + 1;
  if (start === seen.byteLength || seen[start] === space) return;
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, beingWrittenMs);
  if (read(path).byteLength === seen.byteLength) overwrite(path, start, seen.byteLength);
}

/** Removes files of days before a day (`2026-11-22`). Answers how many there were. Throws PDP_AUDIT_UNAVAILABLE. */
export function removeOpenings(folder: string, beforeDay: string): number {
  const old = filesIn(folder).filter((name) => name.slice(0, 10) < beforeDay);
  for (const name of old) attempt(join(folder, name), (path) => rmSync(path, { force: true }));
  return old.length;
}

/** The oldest first. */
function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => fileName.test(name))
      .sort();
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw unavailable(folder, thrown);
  }
}

function read(path: string): Buffer {
  return attempt(path, (file) => readFileSync(file));
}

function* linesOf(bytes: Buffer): Generator<{ readonly start: number; readonly end: number }> {
  for (let start = 0; start < bytes.byteLength;) {
    const end = bytes.indexOf(lineFeed, start);
    // What has no end yet is being written.
    if (end < 0) return;
    if (end > start && bytes[start] !== space) yield { start, end };
    start = end + 1;
  }
}

/** A line as it was written; undefined for one that was erased, cut off by a crash, or is none. */
function readOpening(line: string): Opening | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { decision_id: id, time, linkable, secret, values } = value as Record<string, unknown>;
  const whole =
    [id, time].every((one) => typeof one === 'string') &&
    typeof linkable === 'boolean' &&
    typeof secret === 'string' &&
    /^[0-9a-f]{64}$/.test(secret) &&
    typeof values === 'object' &&
    values !== null &&
    Object.values(values).every((one) => typeof one === 'string');
  return whole ? (value as Opening) : undefined;
}

function overwrite(path: string, start: number, end: number): void {
  attempt(path, () => {
    const fd = openSync(path, 'r+');
    try {
      writeSync(fd, Buffer.alloc(end - start, space), 0, end - start, start);
    } finally {
      closeSync(fd);
    }
  });
}

function attempt<T>(path: string, act: (path: string) => T): T {
  try {
    return act(path);
  } catch (cause) {
    throw unavailable(path, cause);
  }
}

function unavailable(path: string, cause: unknown): PortreeveError {
  return new PortreeveError('PDP_AUDIT_UNAVAILABLE', `openings in ${path}: ${describeThrown(cause)}`, {
    cause,
  });
}
