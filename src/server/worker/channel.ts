import type { AdmissionStats } from '../../api/admission.ts';
import type { KeptStats } from '../../lib/kept.ts';
import type { ChildProcess } from 'node:child_process';
import type { MergedGroup } from '../../audit/merged.ts';
import type { Config } from '../../config/types.ts';
import type { Observation, SharedKey } from '../../inventory/observed/types.ts';
import type { KeptTime } from '../../lib/trusted-time.ts';
import type { OcspKey } from '../../revocation/ocsp/table.ts';
import { PortreeveError, describeThrown } from '../../lib/errors.ts';
import type { BundleFile } from '../bundles/bundle-file.ts';
import type { InUse } from '../compose.ts';
import type { GuardCounts } from '../guard/counts.ts';
import type { Material } from '../material.ts';
import type { Learnt } from './observed.ts';
import type { OtelEnv } from '../otel/otel.ts';
import type { DroppedSpans } from '../otel/span-queue.ts';
import type { ShadowAsk, ShadowBatch } from '../shadow/types.ts';
import type { DecisionSummary } from '../records/summary.ts';
import type { DecisionTally } from '../records/tally.ts';

/** Address of one listener as it was really bound: `host:port` with the port that port 0 became, or `unix:/path`. */
export interface BoundAddress {
  readonly listener: string;
  readonly address: string;
  readonly tls: boolean;
}

export interface WorkerStats {
  /** 99th percentile over ten seconds. */
  readonly eventLoopDelayS: number;
  readonly wasmPages: number;
  /** Decisions since the worker started. */
  readonly decisions: number;
  readonly connections: number;
  /** Calls that wait for their turn, and that were not begun. */
  readonly admission: AdmissionStats;
  /** What is remembered, within which bounds. */
  readonly kept: readonly KeptStats[];
  /** What went beyond its bounds. */
  readonly guarded: GuardCounts;
  readonly spansDropped: DroppedSpans;
  readonly residentBytes: number;
  /** Distribution points that certificates of connections have named, as far as they may be followed. */
  readonly crlUrls: readonly string[];
  readonly inUse: InUse;
}

export type ToWorker =
  | {
      readonly kind: 'start';
      readonly config: Config;
      /** What is in force, as bytes: a worker reads none of these files itself. */
      readonly material: Material;
      readonly index: number;
      /** Where an earlier worker really listens, by listener; so that all share the port that port 0 became. */
      readonly bound: readonly BoundAddress[];
      readonly auditWritable: boolean;
      /** Somebody wants to see each decision, not only what is counted of them. */
      readonly tellEach: boolean;
      readonly otel: OtelEnv;
      readonly time: KeptTime;
      /** Keys that are known to be shared. */
      readonly shared: readonly SharedKey[];
      readonly shadow: ShadowAsk | null;
    }
  | {
      readonly kind: 'reload';
      readonly config: Config;
      readonly material: Material;
      readonly reload: number;
    }
  /** Another bundle, under all else as it is; answered as a reload is. */
  | { readonly kind: 'bundle'; readonly bundle: BundleFile; readonly reload: number }
  | { readonly kind: 'audit'; readonly writable: boolean }
  /** The latest time that it is known to have been. */
  | { readonly kind: 'time'; readonly time: KeptTime }
  /** What all workers have learnt together. */
  | { readonly kind: 'learnt'; readonly learnt: Learnt }
  /** Which bundle is on trial; null: none. */
  | { readonly kind: 'shadow'; readonly shadow: ShadowAsk | null }
  /** The last batch for the bundle on trial was dealt with. */
  | { readonly kind: 'shadow_taken' }
  /** To end: `noticeMs` with health saying so, then at most `graceMs` for calls in flight. */
  | { readonly kind: 'drain'; readonly noticeMs: number; readonly graceMs: number };

export type ToParent =
  /** A sign of life of one that does not decide yet. */
  | { readonly kind: 'starting' }
  | { readonly kind: 'ready'; readonly addresses: readonly BoundAddress[]; readonly inUse: InUse }
  /** What is counted of decisions that were answered; their records have a pipe of their own. */
  | {
      readonly kind: 'decided';
      readonly tallies: readonly DecisionTally[];
      /** Each decision, where that is wanted. */
      readonly summaries: readonly DecisionSummary[];
      /** How many of them were answered without a record. */
      readonly unrecorded: number;
    }
  /** Denials of strangers that have no records of their own. */
  | { readonly kind: 'merged'; readonly groups: readonly MergedGroup[] }
  | { readonly kind: 'heartbeat'; readonly stats: WorkerStats }
  /** What decisions have learnt; `dropped`: how much was left out because there was too much at once. */
  | {
      readonly kind: 'observed';
      readonly observations: readonly Observation[];
      readonly dropped: number;
    }
  /** Certificates in use whose status a responder is to be asked for. */
  | { readonly kind: 'ocsp_wanted'; readonly certificates: readonly OcspKey[] }
  | {
      readonly kind: 'reloaded';
      readonly reload: number;
      readonly error: string | null;
      /** What the worker decides by now. */
      readonly inUse: InUse;
    }
  /** Something that an operator should read; `fatal` = the worker ends because of it. */
  | { readonly kind: 'fault'; readonly message: string; readonly code: string; readonly fatal: boolean }
  /** Decisions that were answered, for the bundle on trial. */
  | { readonly kind: 'shadow'; readonly batch: ShadowBatch }
  /** The last that it says; `kept`: every record stands in the log. */
  | { readonly kind: 'drained'; readonly kept: boolean };

const toWorkerKinds: readonly ToWorker['kind'][] = [
  'start',
  'reload',
  'bundle',
  'audit',
  'time',
  'learnt',
  'shadow',
  'shadow_taken',
  'drain',
];
const toParentKinds: readonly ToParent['kind'][] = [
  'starting',
  'ready',
  'decided',
  'merged',
  'heartbeat',
  'observed',
  'ocsp_wanted',
  'reloaded',
  'fault',
  'shadow',
  'drained',
];

/** One end of the channel. */
export interface Channel<Out> {
  /** Resolves once the message has left this process; rejects with PDP_CHANNEL_BROKEN. */
  send(message: Out): Promise<void>;
}

/** The parent's end. Messages of unknown kind are PDP_CHANNEL_BROKEN to `onBroken`: both ends are one program. */
export function channelToWorker(
  child: ChildProcess,
  on: { message(message: ToParent): void; broken(error: PortreeveError): void },
): Channel<ToWorker> {
  child.on('message', (received) => {
    if (hasKind(received, toParentKinds)) on.message(received as ToParent);
    else on.broken(new PortreeveError('PDP_CHANNEL_BROKEN', 'a worker sent a message of no known kind'));
  });
  return { send: (message) => deliver((done) => child.send(message, done)) };
}

/** The worker's end, over the process that it is; `on.broken` also says that the parent is gone. */
export function channelToParent(on: {
  message(message: ToWorker): void;
  broken(error: PortreeveError): void;
}): Channel<ToParent> {
  process.on('message', (received) => {
    if (hasKind(received, toWorkerKinds)) on.message(received as ToWorker);
    else on.broken(new PortreeveError('PDP_CHANNEL_BROKEN', 'the parent sent a message of no known kind'));
  });
  process.on('disconnect', () =>
    on.broken(new PortreeveError('PDP_CHANNEL_BROKEN', 'the parent closed the channel')),
  );
  return {
    send: (message) =>
      deliver((done) => {
        if (!process.send) throw new PortreeveError('PDP_CHANNEL_BROKEN', 'not started by a parent');
        process.send(message, undefined, undefined, done);
      }),
  };
}

function hasKind(received: unknown, kinds: readonly string[]): boolean {
  return (
    typeof received === 'object' &&
    received !== null &&
    'kind' in received &&
    typeof received.kind === 'string' &&
    kinds.includes(received.kind)
  );
}

function deliver(send: (done: (error: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const broken = (thrown: unknown): void =>
      reject(
        new PortreeveError('PDP_CHANNEL_BROKEN', `message not sent: ${describeThrown(thrown)}`, {
          cause: thrown,
        }),
      );
    try {
      send((error) => (error === null || error === undefined ? resolve() : broken(error)));
    } catch (thrown) {
      broken(thrown);
    }
  });
}
