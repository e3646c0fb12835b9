import { logKeyAct } from '../../audit/acts.ts';
import type { Writer } from '../../audit/acts.ts';
import { recordMode } from '../../audit/home.ts';
import { logPrunedAct, logRecoveredAct } from '../../audit/log-acts.ts';
import { openLog } from '../../audit/log/open-log.ts';
import type { Integrated, Log } from '../../audit/log/types.ts';
import { openNdjsonLog } from '../../audit/ndjson-log.ts';
import { recordBytes } from '../../audit/record.ts';
import type { Config } from '../../config/types.ts';
import type { Clock } from '../../lib/clock.ts';
import type { LineLog } from './record-writer.ts';

export interface RecordHomeOptions {
  readonly writer: Writer;
  readonly clock: Clock;
  readonly config: Config;
  /** What must stand before a record does; undefined where nothing is lacking. Throws and rejects where it cannot. */
  readonly before?: () => Promise<void> | undefined;
  /** Told after each checkpoint of a log. */
  readonly onIntegrated?: (integrated: Integrated) => void;
  readonly log: (line: string) => void;
}

/** Where records go: lines to append, and the log that they stand in where it is one. */
export interface RecordHome {
  readonly lines: LineLog;
  readonly log: Log | null;
}

/** Opens the home of records that the configuration names, at the first record. */
export function openRecordHome(options: RecordHomeOptions): RecordHome {
  const { audit } = options.config;
  const mode = recordMode(audit);
  if (mode === 'none') {
    options.log('audit.mode is none: no decision and no act is recorded');
    return { lines: nowhere, log: null };
  }
  if (mode === 'file') {
    const { path, rotate_bytes: rotateBytes, keep } = audit;
    return {
      lines: after(openNdjsonLog({ path, rotateBytes, keep, onReplaced: options.log }), options),
      log: null,
    };
  }
  const log = openRecordLog(options, mode);
  return { lines: after(log, options), log };
}

/** Lines that are written, and a log that is opened, once what must stand before them does. */
function after(log: LineLog, { before }: Pick<RecordHomeOptions, 'before'>): LineLog {
  if (before === undefined) return log;
  return {
    open: async () => {
      await before();
      await log.open?.();
    },
    append: (lines) => {
      const lacking = before();
      return lacking === undefined ? log.append(lines) : lacking.then(() => log.append(lines));
    },
    pauseMs: () => log.pauseMs?.() ?? 0,
    reopen: () => log.reopen(),
    close: (complete) => log.close(complete),
  };
}

/** Opens the log that the configuration names, with the acts that are its own: its key, how it was left, what went. */
export function openRecordLog(
  { writer, clock, config, onIntegrated, log }: RecordHomeOptions,
  mode: 'strict' | 'relaxed',
): Log {
  const { path, flush, origin, key, retain, max_bytes: maxBytes } = config.audit;
  let told = '';
  /** A log on a full volume is opened again and again: what is the same each time is said once. */
  const say = (line: string): void => {
    if (line !== told) log(line);
    told = line;
  };
  return openLog(path, {
    ...(origin !== null && { origin }),
    defaultOrigin: `portreeve/${encodeURIComponent(config.site ?? 'default')}/${writer.instance}`,
    keyFile: key,
    mode,
    // The other half of the time records may take on their way from the worker.
    flushMs: mode === 'relaxed' ? flush / 2 : flush,
    mayLoseMs: flush,
    retention: { maxAgeMs: retain, maxBytes },
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    pid: process.pid,
    onOpened: (opened) => {
      const { unclean, size, created, key: after } = opened;
      if (created) return [recordBytes(logKeyAct(writer, clock.now(), { before: null, after }))];
      if (unclean === null) return [];
      say(`the log ${path} was not closed by its last writer; it has ${size} records`);
      return [recordBytes(logRecoveredAct(writer, clock.now(), { ...opened, unclean }))];
    },
    onRotated: (rotated) => recordBytes(logKeyAct(writer, clock.now(), rotated)),
    onPruned: (pruned) => recordBytes(logPrunedAct(writer, clock.now(), pruned)),
    ...(onIntegrated && { onIntegrated }),
    onProblem: (error) => log(`the log's checkpoint waits: ${error.message}`),
  });
}

const nowhere: LineLog = {
  append: () => undefined,
  reopen: () => undefined,
  close: () => undefined,
};
