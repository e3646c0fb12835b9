import { lifeAct, loadedAct, refusedAct, workerEndedAct, workerStartedAct } from '../../audit/acts.ts';
import type { ActRecord, RefusedChange, WorkerEnd, WorkerStart, Writer } from '../../audit/acts.ts';
import { recordMode } from '../../audit/home.ts';
import { workerGapAct } from '../../audit/log-acts.ts';
import type { Integrated, Log } from '../../audit/log/types.ts';
import type { MergedGroup } from '../../audit/merged.ts';
import type { Config } from '../../config/types.ts';
import type { Clock } from '../../lib/clock.ts';
import type { PortreeveError } from '../../lib/errors.ts';
import type { Change, Store } from '../../store/types.ts';
import { startActs } from '../acts/acts.ts';
import { createLogVoice } from '../log-voice.ts';
import { openRecordHome } from './record-home.ts';
import { createRecordWriter } from './record-writer.ts';
import type { RecordWriter } from './record-writer.ts';
import type { InForce } from '../reload.ts';
import { digestsOf } from '../reload.ts';
import type { DecisionTally } from './tally.ts';

/** The log of records, and what the server itself writes into it. */
export interface Ledger {
  readonly records: RecordWriter;
  /** The log that records stand in; null where they are lines of a plain file. */
  readonly log: Log | null;
  started(inForce: InForce, detail: Readonly<Record<string, unknown>>): void;
  /** Another configuration or bundle came into force. */
  loaded(before: InForce | undefined, after: InForce): void;
  /** A configuration or bundle was to come into force and did not; told once as long as it is the same. */
  refused(refused: RefusedChange): void;
  /** Counts decisions that were answered, for heartbeats. */
  counted(tallies: readonly DecisionTally[]): void;
  /** Takes denials that have no records of their own. */
  merged(groups: readonly MergedGroup[]): void;
  workerStarted(started: WorkerStart): void;
  workerEnded(ended: WorkerEnd): void;
  /** The last act, after the last decision; then the log is closed. */
  stop(why: string): Promise<void>;
}

export interface LedgerOptions {
  /** What must stand before a record does; undefined where nothing is lacking. */
  readonly before?: () => Promise<void> | undefined;
  readonly writer: Writer;
  readonly store: Store;
  readonly clock: Clock;
  readonly config: () => Config;
  readonly onWritable: (writable: boolean, error: PortreeveError | undefined) => void;
  readonly onWritten: (count: number) => void;
  readonly onLost: (count: number) => void;
  /** Told of each change of the state once its record is on its way. */
  readonly onChange: (change: Change) => void;
  /** Told after each checkpoint of the log. */
  readonly onIntegrated?: (integrated: Integrated) => void;
  readonly log: (line: string) => void;
}

/** Occasions of refusals that are remembered at once. */
const mostRefused = 1000;

/** Opens the log and begins to record acts; decisions are handed to `records`. */
export function openLedger(options: LedgerOptions): Ledger {
  const { writer, clock } = options;
  const home = openRecordHome({
    ...options,
    config: options.config(),
    onIntegrated: (integrated) => options.onIntegrated?.(integrated),
  });
  const records = createRecordWriter({
    ...options,
    log: home.lines,
    onRefused: (error) => options.log(`a record is lost: ${error.message}`),
  });
  const acts = startActs({
    ...options,
    write: (lines) => records.write(lines),
    writable: () => records.writable(),
    settled: () => records.writable() && records.stats.waiting === 0,
  });
  const voice = createLogVoice({
    ...{ writer, clock, site: options.config().site, heartbeat: options.config().audit.heartbeat },
    write: (lines) => records.write(lines),
    writable: () => records.writable(),
    stats: () => records.stats,
  });
  const lastRefused = new Map<string, string>();
  let life: 'not yet' | 'started' | 'stopped' = 'not yet';
  /** Workers decide before the server counts as started, and their acts stand after its own. */
  const early: ActRecord[] = [];
  const inOrder = (act: ActRecord): void => {
    if (life === 'not yet') early.push(act);
    else acts.write(act);
  };
  return {
    records,
    log: home.log,
    started: (inForce, detail) => {
      life = 'started';
      acts.write(lifeAct(writer, clock.now(), 'start', { ...digestsOf(inForce), ...detail }));
      early.splice(0).forEach((act) => acts.write(act));
      voice.start();
    },
    loaded: (before, after) => {
      lastRefused.clear();
      const [was, is] = [before && digestsOf(before), digestsOf(after)];
      for (const act of ['configuration', 'bundle'] as const) {
        const digest = is[act];
        if (digest === null || was?.[act] === digest) continue;
        acts.write(loadedAct(writer, clock.now(), act, { before: was?.[act] ?? null, after: digest }));
      }
    },
    refused: (refused) => {
      const { what, occasion, selector, problem } = refused;
      const same = `${selector} ${problem}`;
      if (lastRefused.get(`${what} ${occasion}`) === same) return;
      if (lastRefused.size >= mostRefused) lastRefused.clear();
      lastRefused.set(`${what} ${occasion}`, same);
      inOrder(refusedAct(writer, clock.now(), refused));
    },
    counted: (tallies) => voice.counted(tallies),
    merged: (groups) => voice.merged(groups),
    workerStarted: (started) => inOrder(workerStartedAct(writer, clock.now(), started)),
    workerEnded: (ended) => {
      inOrder(workerEndedAct(writer, clock.now(), ended));
      const { audit } = options.config();
      if (!ended.may_have_been_deciding || recordMode(audit) !== 'relaxed') return;
      inOrder(workerGapAct(writer, clock.now(), ended, audit.flush / 2));
    },
    stop: async (why) => {
      acts.look();
      voice.stop();
      if (life === 'started') acts.write(lifeAct(writer, clock.now(), 'stop', { why }));
      life = 'stopped';
      await records.close();
      acts.stop();
    },
  };
}
