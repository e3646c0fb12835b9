import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { changeAct, glassAct } from '../audit/acts.ts';
import type { ActRecord, Writer } from '../audit/acts.ts';
import { recordBytes } from '../audit/record.ts';
import type { BreakGlassConfig, Config } from '../config/types.ts';
import { canonicalJson } from '../lib/canonical-json.ts';
import type { Clock } from '../lib/clock.ts';
import { describeThrown } from '../lib/errors.ts';
import type { Store } from '../store/types.ts';

export interface ActsOptions {
  readonly writer: Writer;
  readonly store: Store;
  readonly clock: Clock;
  readonly config: () => Config;
  readonly write: (lines: readonly string[]) => void;
  /** Whether everything that was handed to `write` has reached the log. */
  readonly settled: () => boolean;
  readonly log: (line: string) => void;
}

export interface Acts {
  write(act: ActRecord): void;
  /** Looks now for what has happened; also before the last act of the server. */
  look(): void;
  stop(): void;
}

/** How often changes by other processes, and begins and ends of a broken glass, are looked for (ms). */
const lookMs = 250;
const changesAtOnce = 1000;

/**
 * Writes the records of acts: changes of the state by whichever process, from the store's `changes`, and the opening
 * and the end of a broken glass. How far the changes have been recorded stands in a file beside the log, so that what
 * happened while no server ran is recorded at the next start; a kill between the two records an act twice, with the
 * same number, never not at all.
 */
export function startActs(options: ActsOptions): Acts {
  const cursor = openCursor(`${options.config().audit.path}.changes`);
  const glass = new Map<string, BreakGlassConfig>();
  let failing: string | undefined;
  const write = (act: ActRecord): void => options.write([recordBytes(act)]);
  const look = (): void => {
    try {
      if (options.settled()) cursor.save();
      recordChanges(options, cursor);
      recordGlass(options, glass, write);
      failing = undefined;
    } catch (thrown) {
      const problem = describeThrown(thrown);
      if (problem !== failing) options.log(`acts are not recorded: ${problem}`);
      failing = problem;
    }
  };
  look();
  const timer = setInterval(look, lookMs);
  return {
    write,
    look,
    stop: () => {
      clearInterval(timer);
      if (options.settled()) cursor.save();
    },
  };
}

function recordChanges(options: ActsOptions, cursor: Cursor): void {
  for (;;) {
    const changes = options.store.changesSince(cursor.epoch, changesAtOnce);
    const last = changes.at(-1);
    if (!last) return restart(options, cursor);
    options.write(changes.map((change) => recordBytes(changeAct(options.writer, change))));
    cursor.move(last.epoch);
  }
}

/**
 * A cursor ahead of the store means that an older state was put back: its changes count again from where it stands,
 * or those to come would not be recorded until they had caught up.
 */
function restart({ store, log }: ActsOptions, cursor: Cursor): void {
  const newest = Math.max(0, ...Object.values(store.epochs()));
  if (cursor.epoch <= newest) return;
  log(`the state is older than what was recorded of it: change ${newest}, recorded up to ${cursor.epoch}`);
  cursor.move(newest);
}

/** `known` holds every glass whose opening was recorded; one that is gone from the configuration has ended too. */
function recordGlass(
  options: ActsOptions,
  known: Map<string, BreakGlassConfig>,
  write: (act: ActRecord) => void,
): void {
  const now = options.clock.now();
  const open = new Map(
    options
      .config()
      .enforcement.break_glass.filter((glass) => glass.since <= now && now < glass.until)
      .map((glass) => [canonicalJson(glass), glass]),
  );
  for (const [key, glass] of open) {
    if (known.has(key)) continue;
    known.set(key, glass);
    write(glassAct(options.writer, 'break_glass_opened', glass, now));
    options.log(`glass broken by ${glass.who}: ${glass.why}`);
  }
  for (const [key, glass] of known) {
    if (open.has(key)) continue;
    known.delete(key);
    write(glassAct(options.writer, 'break_glass_ended', glass, Math.min(now, glass.until)));
    options.log(`glass broken by ${glass.who} has ended`);
  }
}

interface Cursor {
  readonly epoch: number;
  move(epoch: number): void;
  /** Remembers for the next start; only once the records themselves are written. */
  save(): void;
}

/** The number of the last recorded change, in a small file that is replaced whole. */
function openCursor(path: string): Cursor {
  let epoch = readCursor(path);
  let saved = epoch;
  return {
    get epoch() {
      return epoch;
    },
    move: (to) => {
      epoch = to;
    },
    save: () => {
      if (saved === epoch) return;
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(`${path}.tmp`, `${epoch}\n`);
      renameSync(`${path}.tmp`, path);
      saved = epoch;
    },
  };
}

function readCursor(path: string): number {
  try {
    const text = readFileSync(path, 'utf8').trim();
    return /^\d{1,15}$/.test(text) ? Number(text) : 0;
  } catch {
    return 0;
  }
}
