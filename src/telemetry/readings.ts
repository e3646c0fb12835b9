import type { KeptStats } from '../lib/kept.ts';

/** State that is read when metrics are collected. Ages in seconds. */
export interface GaugeReadings {
  readonly workers: readonly WorkerReading[];
  /** What is remembered outside workers, for all of them together. */
  readonly kept: readonly KeptStats[];
  readonly auditWritable: boolean;
  readonly clockTrusted: boolean;
  /** Ahead of the kept time; below 0 while it is behind it, 0 while it goes evenly. */
  readonly clockAheadS: number;
  readonly crls: readonly {
    readonly issuer: string;
    /** First hex digits of the key's digest: an issuer may have two keys. */
    readonly issuerKey: string;
    /** Which part of the issuer's list it is; empty = all of it. */
    readonly scope: string;
    readonly delta: boolean;
    readonly ageS: number;
    /** Until nextUpdate; negative once it has passed. */
    readonly remainingS: number;
    readonly entries: number;
  }[];
  readonly bundleAgeS: number | null;
  /** Since its source last said that it is the newest; null where that has no meaning. */
  readonly bundleUnconfirmedS: number | null;
  /** Older than its limit. */
  readonly bundleStale: boolean;
  readonly bundlePinned: boolean;
  /** The bundle that is to be in force was refused. */
  readonly bundleRefused: boolean;
  /** A bundle is asked beside the one in force. */
  readonly shadowOnTrial: boolean;
  /** It cannot be used, or its process has ended. */
  readonly shadowError: boolean;
  readonly epochs: Readonly<Record<string, number>>;
  readonly sources: readonly SourceReading[];
  readonly reloadFailed: boolean;
  readonly storeBytes: number | null;
  readonly observeInForce: number;
  readonly glassInForce: number;
}

/** One background source or watched file. */
export interface SourceReading {
  readonly kind: string;
  readonly name: string;
  /** Whether its last attempt failed. */
  readonly failed: boolean;
  /** Since its last success; null before the first. */
  readonly ageS: number | null;
  /** Failed attempts since then. */
  readonly failures: number;
}

export interface WorkerReading {
  readonly index: number;
  readonly ready: boolean;
  /** 99th percentile since the last heartbeat. */
  readonly eventLoopDelayS: number;
  readonly wasmPages: number;
  readonly connections: number;
  /** What was refused or ended by us since the worker started, by why. */
  readonly connectionsEnded: Readonly<Record<string, number>>;
  readonly callsEnded: Readonly<Record<string, number>>;
  readonly bufferedBytes: number;
  /** Most that waited for their turn since the last heartbeat. */
  readonly callsWaiting: number;
  /** Calls that were not begun, by why, and calls that their PEPs gave up while they waited. */
  readonly callsShed: Readonly<Record<string, number>>;
  readonly callsAbandoned: number;
  /** Spans that no collector got, by why. */
  readonly spansDropped: Readonly<Record<string, number>>;
  /** What is remembered from one decision to the next. */
  readonly kept: readonly KeptStats[];
}
