import { recordBytes } from '../../audit/record.ts';
import { hideInShadow } from '../../audit/shadow-hidden.ts';
import type { ShadowRecord, ShadowSummaryRecord } from '../../audit/shadow-record.ts';
import { configDigest } from '../../config/digest.ts';
import type { Config } from '../../config/types.ts';
import type { Clock, EpochMs } from '../../lib/clock.ts';
import { asPortreeveError } from '../../lib/errors.ts';
import type { Store } from '../../store/types.ts';
import type { ShadowMetrics } from '../../telemetry/shadow-metrics.ts';
import { shadowEntries } from '../bundles/bundle-entries.ts';
import type { Bundles } from '../bundles/bundles.ts';
import type { InForce } from '../reload.ts';
import type { SourceSpec } from '../sources/types.ts';
import type { StoreHand } from '../helpers/store-hand.ts';
import { startShadowProcess } from './shadow-process.ts';
import type { ShadowJudged } from './shadow-process.ts';
import { openTrial, type Trial } from './trial.ts';
import type { ShadowAsk, ShadowBatch } from './types.ts';
import type { ShadowState, ShadowView } from './view.ts';
import { shadowAt, shadowBundle } from './wanted.ts';

export interface ShadowOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly bundles: Pick<Bundles, 'bring'>;
  readonly inForce: () => Pick<InForce, 'config' | 'bundle'>;
  /** Tells every worker; those that start later ask `wanted`. */
  readonly onWanted: (wanted: ShadowAsk | null) => void;
  /** Writes records; never waited for. */
  readonly write: (lines: readonly string[]) => void;
  readonly writable: () => boolean;
  readonly metrics: ShadowMetrics;
  /** Who does what would hold up decisions; undefined as long as none are made. */
  readonly hand?: () => StoreHand | undefined;
  readonly log: (line: string) => void;
  /** As `startShadowProcess`, for tests. */
  readonly start?: typeof startShadowProcess;
  /** As `summaryMs`, for tests. */
  readonly summaryMs?: number;
}

/** The bundle that is asked beside the one in force. It answers nobody, and nobody waits for it. */
export interface Shadow {
  specs(config: Config): readonly SourceSpec[];
  /** Looks from now on for what is to be on trial. */
  begin(): void;
  /** What workers are to hand on; null: nothing. */
  wanted(): ShadowAsk | null;
  /** Takes what a worker has gathered; `taken` is called once it may send more. */
  take(batch: ShadowBatch, taken: () => void): void;
  view(now: EpochMs): ShadowView | null;
  stop(): Promise<void>;
}

/** How often it is looked for another bundle, and for the end of a trial (ms). */
const lookMs = 500;
/** How often what was counted is recorded (ms). */
const usualSummaryMs = 60_000;
/** Pauses before a process that ended is started again (ms). */
const pauses = { first: 1000, most: 60_000 } as const;

export function openShadow(options: ShadowOptions): Shadow {
  return new Room(options);
}

class Room implements Shadow {
  readonly #o: ShadowOptions;
  #trial: Trial | undefined;
  #state: ShadowState = 'none';
  #error: string | null = null;
  #refusedKey: string | undefined;
  #refusedAt = 0;
  #waiting: { readonly batch: ShadowBatch; readonly taken: () => void }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #last: Promise<void> = Promise.resolve();
  /** Begun, and not stopped: before that, workers that start could not be told. */
  #running = false;

  constructor(options: ShadowOptions) {
    this.#o = options;
  }

  specs(config: Config): readonly SourceSpec[] {
    return shadowEntries(config).map((entry) => ({
      ...entry,
      apply: async (brought) => {
        const origin = { source: entry.name, location: entry.place, pinned: false };
        const { digest: _digest, ...applied } = await this.#o.bundles.bring(brought, origin);
        void this.#look();
        return applied;
      },
    }));
  }

  begin(): void {
    this.#running = true;
    void this.#look();
    this.#timer = setInterval(() => void this.#look(), lookMs);
  }

  wanted(): ShadowAsk | null {
    const trial = this.#trial;
    return trial ? { bundle: trial.about.bundle, share: trial.about.share } : null;
  }

  /** One look after another. */
  #look(): Promise<void> {
    this.#last = this.#last.then(async () => {
      if (!this.#running) return;
      try {
        await this.#change();
      } catch (thrown) {
        this.#refuse(asPortreeveError(thrown).message);
      }
      this.#summarize(false);
    });
    return this.#last;
  }

  async #change(): Promise<void> {
    const { store, clock, inForce } = this.#o;
    const { config, bundle: live } = inForce();
    const now = clock.now();
    const settings = shadowAt(config, now);
    if (!settings) return this.#rest(config.policy.shadow ? 'over' : 'none');
    const want = shadowBundle(config, store, now);
    if (!want) return this.#rest('waiting');
    if (want.digest === live?.digest) return this.#rest('in_force');
    const key = `${want.digest} ${want.origin.source} ${configDigest(config)}`;
    if (this.#trial?.key === key) return;
    if (this.#refusedKey === key && clock.monotonic() < this.#refusedAt + pauses.most) return;
    this.#refusedKey = key;
    this.#refusedAt = clock.monotonic();
    const next = await openTrial({ want, key, config, share: settings.share }, this.#o);
    this.#end();
    this.#refusedKey = undefined;
    [this.#trial, this.#state, this.#error] = [next, 'on_trial', null];
    this.#o.log(
      `bundle ${want.digest.slice(0, 12)} of source ${next.source} is on trial, share ${settings.share}`,
    );
    this.#start(next);
    this.#o.onWanted(this.wanted());
  }

  #refuse(message: string): void {
    if (message !== this.#error) this.#o.log(`the bundle that is to be on trial is not used: ${message}`);
    this.#error = message;
    if (!this.#trial) this.#state = 'refused';
  }

  /** No trial, for a reason that is no error. */
  #rest(state: ShadowState): void {
    [this.#refusedKey, this.#error] = [undefined, null];
    if (this.#trial) {
      this.#o.log(`bundle ${this.#trial.about.bundle.slice(0, 12)} is on trial no more`);
      this.#end();
      this.#o.onWanted(null);
    }
    this.#state = state;
  }

  /** Ends the trial that there is, with its last summary. */
  #end(): void {
    const trial = this.#trial;
    if (!trial) return;
    this.#giveUp(trial);
    for (const { batch, taken } of this.#waiting.splice(0)) {
      this.#drop(trial, batch.decisions.length);
      taken();
    }
    this.#summarize(true);
    this.#trial = undefined;
    clearTimeout(trial.again);
    trial.process?.kill();
  }

  #start(trial: Trial): void {
    const { start = startShadowProcess, log } = this.#o;
    const { config, bytes, about, source } = trial;
    trial.ready = false;
    trial.process = start({
      ...{ config, about },
      file: { bytes, origin: { source, location: null, pinned: false } },
      loaded: () => {
        trial.ready = true;
        trial.error = null;
        this.#next();
      },
      judged: (judged) => this.#judged(trial, judged),
      ended: (why) => this.#ended(trial, why),
      log: (line) => log(`policy on trial: ${line}`),
    });
  }

  #ended(trial: Trial, why: string): void {
    trial.process = undefined;
    trial.ready = false;
    if (this.#trial !== trial) return;
    this.#giveUp(trial);
    trial.error = why;
    trial.failures += 1;
    trial.restarts += 1;
    const pause = Math.min(pauses.first * 2 ** (trial.failures - 1), pauses.most);
    this.#o.log(`the process of the policy on trial: ${why}; it is started again in ${pause} ms`);
    trial.again = setTimeout(() => this.#start(trial), pause);
  }

  take(batch: ShadowBatch, taken: () => void): void {
    const trial = this.#trial;
    // Of a trial that is over; the worker has been told by now.
    if (!trial || batch.bundle !== trial.about.bundle) return taken();
    trial.ledger.batch(batch);
    if (batch.dropped > 0) this.#o.metrics.dropped(batch.dropped);
    if (batch.decisions.length === 0) return taken();
    this.#waiting.push({ batch, taken });
    this.#next();
  }

  /** Hands the next batch over. While nobody could judge it, it waits: one a worker, and the workers drop what is more. */
  #next(): void {
    const trial = this.#trial;
    if (!trial?.process || !trial.ready || trial.underWay) return;
    const next = this.#waiting.shift();
    if (!next) return;
    const { decisions } = next.batch;
    trial.underWay = { left: decisions.length, taken: next.taken };
    trial.process.judge(decisions);
  }

  #judged(trial: Trial, { counts, flips, records, times, restMs, late, done }: ShadowJudged): void {
    const { metrics, clock, log } = this.#o;
    if (this.#trial !== trial || !trial.underWay) return;
    const { compared, not_asked: notAsked, undecidable } = counts;
    trial.underWay.left -= compared + notAsked + undecidable;
    trial.ledger.judged(counts);
    metrics.judged(counts, flips, times);
    trial.restsUntil = restMs > 0 ? clock.monotonic() + restMs : 0;
    if (late > 0)
      log(`the policy on trial did not answer in time and was broken off; it rests for ${restMs} ms`);
    if (records.length > 0) this.#write(records);
    if (!done) return;
    trial.failures = 0;
    const { taken } = trial.underWay;
    trial.underWay = undefined;
    taken();
    this.#next();
  }

  /** What is with the process is judged no more. */
  #giveUp(trial: Trial): void {
    const { underWay } = trial;
    trial.underWay = undefined;
    if (!underWay) return;
    this.#drop(trial, underWay.left);
    underWay.taken();
  }

  #drop(trial: Trial, count: number): void {
    trial.ledger.dropped(count);
    if (count > 0) this.#o.metrics.dropped(count);
  }

  /** Records of a trial never take room from those of decisions while the log cannot be written. */
  #write(records: readonly (ShadowRecord | ShadowSummaryRecord)[]): void {
    const { redact } = this.#o.inForce().config.audit;
    if (this.#o.writable()) this.#o.write(records.map((one) => recordBytes(hideInShadow(one, redact))));
    else this.#o.metrics.unrecorded(records.length);
  }

  #summarize(last: boolean): void {
    const trial = this.#trial;
    if (!trial) return;
    const now = this.#o.clock.now();
    const { summaryMs = usualSummaryMs, store } = this.#o;
    if (!this.#o.writable() && !last) return;
    if (!last && now >= trial.ledger.sinceAt && now < trial.ledger.sinceAt + summaryMs) return;
    const { bundle: live } = this.#o.inForce();
    const answered = { bundle: live?.digest ?? null, revision: live?.revision ?? null };
    const about = { instance: store.instance, answered, shadow: trial.about };
    const summary: ShadowSummaryRecord | undefined = trial.ledger.summary(now, about);
    if (summary) this.#write([summary]);
  }

  view(now: EpochMs): ShadowView | null {
    const { shadow } = this.#o.inForce().config.policy;
    if (!shadow) return null;
    const trial = this.#trial;
    const rests = trial !== undefined && this.#o.clock.monotonic() < trial.restsUntil;
    return {
      state: trial ? (rests ? 'resting' : trial.ready ? 'on_trial' : 'starting') : this.#state,
      ...{ share: shadow.share, until: shadow.until, now },
      ...(trial && {
        trial: {
          ...{ about: trial.about, source: trial.source, keyId: trial.keyId, beganAt: trial.beganAt },
          ...{ totals: trial.ledger.total, pid: trial.process?.pid ?? null, restarts: trial.restarts },
        },
      }),
      error: trial?.error ?? this.#error,
    };
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#running = false;
    await this.#last;
    this.#end();
  }
}
