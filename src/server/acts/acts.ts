import { changeAct } from '../../audit/acts.ts';
import type { ActRecord, Writer } from '../../audit/acts.ts';
import type { Config } from '../../config/types.ts';
import type { Clock } from '../../lib/clock.ts';
import { describeThrown } from '../../lib/errors.ts';
import type { Change, Store } from '../../store/types.ts';
import { createActLines } from './act-lines.ts';
import type { ActLines } from './act-lines.ts';
import { followGlass } from './glass-acts.ts';
import { openMemoryFile } from './memory-file.ts';
import { followObserved } from './observe-acts.ts';

export interface ActsOptions {
  readonly writer: Writer;
  readonly store: Store;
  readonly clock: Clock;
  readonly config: () => Config;
  readonly write: (lines: readonly string[]) => void;
  /** Whether the log could be written the last time. */
  readonly writable: () => boolean;
  /** Whether everything that was handed to `write` has reached the log. */
  readonly settled: () => boolean;
  /** Told of each change once its record is on its way. */
  readonly onChange?: (change: Change) => void;
  readonly log: (line: string) => void;
}

export interface Acts {
  write(act: ActRecord): void;
  /** Looks now for what has happened; also before the last act of the server. */
  look(): void;
  stop(): void;
}

/** How often changes by other processes, and begins and ends of a broken glass or of observing, are looked for (ms). */
const lookMs = 250;
const changesAtOnce = 1000;

/**
 * Writes the records of acts: changes of the state by whichever process, from the store's `changes`, and the opening
 * and the end of a broken glass and of observing. How far all that has been recorded stands in files beside the log, so that what happened
 * while no server ran is recorded at the next start; a kill between the two records an act twice, never not at all.
 */
export function startActs(options: ActsOptions): Acts {
  const cursor = openCursor(`${options.config().audit.path}.changes`);
  const rules = [followGlass(options), followObserved(options)];
  const lines = createActLines(options);
  let failing: string | undefined;
  const write = (act: ActRecord): void => {
    const line = lines.line(act);
    try {
      lines.beforeLeave();
    } catch (thrown) {
      // The act itself is worth more than what it hides.
      options.log(describeThrown(thrown));
    }
    options.write([line]);
  };
  const save = (): void => {
    if (!options.settled()) return;
    cursor.save();
    for (const one of rules) one.save();
  };
  const look = (): void => {
    try {
      save();
      recordChanges(options, cursor, lines);
      for (const one of rules) one.look().forEach(write);
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
      save();
      lines.close();
    },
  };
}

/** Changes wait in the store, which has room for them, while the log cannot be written. */
function recordChanges(options: ActsOptions, cursor: Cursor, lines: ActLines): void {
  while (options.writable()) {
    const changes = options.store.changesSince(cursor.epoch, changesAtOnce);
    const last = changes.at(-1);
    if (!last) return restart(options, cursor);
    const written = changes.map((change) => lines.line(changeAct(options.writer, change)));
    // Where that fails, they are read again.
    lines.beforeLeave();
    options.write(written);
    cursor.move(last.epoch);
    for (const change of changes) options.onChange?.(change);
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

interface Cursor {
  readonly epoch: number;
  move(epoch: number): void;
  /** Remembers for the next start; only once the records themselves are written. */
  save(): void;
}

/** The number of the last recorded change. */
function openCursor(path: string): Cursor {
  const memory = openMemoryFile(path);
  const text = memory.before.trim();
  let epoch = /^\d{1,15}$/.test(text) ? Number(text) : 0;
  return {
    get epoch() {
      return epoch;
    },
    move: (to) => {
      epoch = to;
    },
    save: () => {
      if (epoch > 0 || text !== '') memory.save(`${epoch}\n`);
    },
  };
}
