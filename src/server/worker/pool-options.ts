import type { WorkerEnd, WorkerStart } from '../../audit/acts.ts';
import type { LineBlock } from '../../audit/line-block.ts';
import type { MergedGroup } from '../../audit/merged.ts';
import type { Config } from '../../config/types.ts';
import type { Observation, SharedKey } from '../../inventory/observed/types.ts';
import type { KeptTime } from '../../lib/trusted-time.ts';
import type { OcspKey } from '../../revocation/ocsp/table.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Material } from '../material.ts';
import type { OtelEnv } from '../otel/otel.ts';
import type { ShadowAsk, ShadowBatch } from '../shadow/types.ts';
import type { DecisionSummary } from '../records/summary.ts';
import type { DecisionTally } from '../records/tally.ts';

/** What workers are made from. */
export interface InForcePart {
  readonly config: Config;
  readonly material: Material;
}

/** What the pool and each of its workers take from the parent, and tell it. */
export interface PoolOptions {
  /** What is in force; another object for every other thing. */
  readonly inForce: () => InForcePart;
  readonly clock: Clock;
  readonly otel: OtelEnv;
  readonly auditWritable: () => boolean;
  readonly onRecords: (records: LineBlock, written: () => void) => void;
  /** `unrecorded`: how many of the decisions were answered without a record. */
  readonly onDecided: (tallies: readonly DecisionTally[], unrecorded: number) => void;
  /** Takes denials that have no records of their own. */
  readonly onMerged: (groups: readonly MergedGroup[]) => void;
  /** Told of each decision, if anybody wants to know. */
  readonly onDecision?: (summary: DecisionSummary) => void;
  /** For workers that start: the latest trusted time, and keys that are known to be shared. */
  readonly time: () => KeptTime;
  readonly shared: () => readonly SharedKey[];
  /** Told what a worker has learnt, and how much it left out. */
  readonly onObserved: (observations: readonly Observation[], dropped: number) => void;
  /** Told about which certificates responders are to be asked. */
  readonly onOcspWanted: (certificates: readonly OcspKey[]) => void;
  /** For workers that start: the bundle on trial; null: none. */
  readonly shadow: () => ShadowAsk | null;
  /** Takes decisions for the bundle on trial; `taken` is called once more may be sent. */
  readonly onShadow: (batch: ShadowBatch, taken: () => void) => void;
  readonly onRestart: (why: 'exit' | 'hung') => void;
  /** Told of each worker that decides, once all did so at first, and of each that ends. */
  readonly onStarted: (started: WorkerStart) => void;
  readonly onEnded: (ended: WorkerEnd) => void;
  readonly log: (line: string) => void;
}
