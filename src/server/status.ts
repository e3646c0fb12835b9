import { statSync } from 'node:fs';
import type { KeyState } from '../attestation/keys/key-states.ts';
import { recordMode } from '../audit/home.ts';
import type { LogStats } from '../audit/log/types.ts';
import type { Kept } from '../audit/kept.ts';
import type { Config } from '../config/types.ts';
import { formatInstant } from '../lib/clock.ts';
import type { EpochMs } from '../lib/clock.ts';
import { describeThrown } from '../lib/errors.ts';
import type { KeptStats } from '../lib/kept.ts';
import { crlCoverage, expectedPoints, isCoverageOf } from '../revocation/coverage.ts';
import type { CrlInfo } from '../revocation/types.ts';
import type { Store } from '../store/types.ts';
import type { GaugeReadings } from '../telemetry/metrics.ts';

import type { IndexingView } from './audit/indexing.ts';
import type { OutsiderView } from './audit/outsider-view.ts';
import type { SinkView } from './sinks/view.ts';
import { bundleView, type BundleStanding } from './bundles/view.ts';
import { namedAuthorities } from './loaded.ts';
import type { Pool } from './worker/pool.ts';
import { program } from './program.ts';
import type { RecordWriter } from './records/record-writer.ts';
import { digestsOf } from './reload.ts';
import type { ReloadState } from './reload.ts';
import { shadowStatus, type ShadowView } from './shadow/view.ts';
import type { ClockView } from './time/time-keeper.ts';
import type { SourceView } from './sources/types.ts';
import type { Unenforced } from './acts/unenforced.ts';
import type { WorkerView } from './worker/worker-slot.ts';

/** What status and gauges are read from; everything is read when asked. */
export interface StatusSources {
  readonly store: Pick<Store, 'instance'>;
  readonly startedAt: EpochMs;
  readonly now: () => EpochMs;
  readonly reload: ReloadState;
  readonly pool: Pool;
  readonly clock: () => ClockView;
  /** Watched files and background sources. */
  readonly sources: () => readonly SourceView[];
  readonly records: RecordWriter;
  /** Who is shown the log's checkpoints. */
  readonly outsiders: () => readonly OutsiderView[];
  /** Who is sent records. */
  readonly sinks: () => readonly SinkView[];
  /** The log of records; null where they are lines of a plain file, or nowhere. */
  readonly recordLog: () => LogStats | null;
  /** The index beside the log; null where records are kept without. */
  readonly index: () => IndexingView | null;
  /** How much is kept for replay; null where that is not known. */
  readonly kept: () => Kept | null;
  /** How the parent's own memories stand, which are for all workers together. */
  readonly remembered: () => readonly KeptStats[];
  readonly unenforced: Unenforced;
  readonly crls: () => readonly CrlInfo[];
  /** Keys of attestation verifiers. */
  readonly keys: (now: EpochMs) => readonly KeyState[];
  readonly epochs: () => Readonly<Record<string, number>>;
  /** How the policy bundle in force stands. */
  readonly bundle: (now: EpochMs) => BundleStanding;
  /** The bundle on trial beside it; null where none is configured. */
  readonly shadow: (now: EpochMs) => ShadowView | null;
}

/** The `/status` document: everything that an operator asks first. Times RFC 3339, ages in whole seconds. */
export function statusOf(sources: StatusSources): object {
  const now = sources.now();
  const { config } = sources.reload.current();
  const { stats } = sources.records;
  const state = stateOf(sources);
  return {
    program,
    instance: sources.store.instance,
    site: config.site,
    started_at: formatInstant(sources.startedAt),
    uptime_s: seconds(now - sources.startedAt),
    clock: clockOf(sources.clock()),
    listeners: sources.pool.addresses(),
    workers: workersOf(sources.pool),
    configuration: configurationOf(sources.reload),
    bundle: bundleView(sources.reload.current(), standingOf(sources, now), now),
    shadow: shadowStatus(sources.shadow(now)),
    anchors: sources.reload.current().authorities.trust.anchors.map(({ name, certificate }) => ({
      name,
      not_after: formatInstant(certificate.notAfter),
    })),
    crls: state.crls.map((crl) => crlOf(crl, now)),
    crl_coverage: coverageOf(sources, state.crls),
    sources: sources.sources(),
    attestation: state.keys,
    epochs: state.epochs,
    store: { path: config.state.path, bytes: storeBytes(config), error: state.error },
    audit: {
      path: config.audit.path,
      mode: recordMode(config.audit),
      bytes: sources.recordLog() ? (sources.recordLog()?.bytes ?? null) : sizeOf(config.audit.path),
      log: logOf(sources.recordLog()),
      writable: sources.records.writable(),
      error: sources.records.lastError()?.message ?? null,
      kept: sources.kept(),
      kept_error: sources.reload.current().keepError,
      written: stats.written,
      waiting: stats.waiting,
      lost: stats.lost,
      outsiders: sources.outsiders(),
      sinks: sources.sinks(),
      index: sources.index(),
    },
    enforcement: sources.unenforced.status(config, now),
  };
}

/** Null where the store cannot be read. */
function standingOf(sources: StatusSources, now: EpochMs): BundleStanding | null {
  try {
    return sources.bundle(now);
  } catch {
    return null;
  }
}

/** What the store says; nothing, and why, where it cannot be read. */
function stateOf(sources: StatusSources): {
  readonly crls: readonly CrlInfo[];
  readonly keys: readonly KeyState[];
  readonly epochs: Readonly<Record<string, number>>;
  readonly error: string | null;
} {
  try {
    return {
      crls: sources.crls(),
      keys: sources.keys(sources.now()),
      epochs: sources.epochs(),
      error: null,
    };
  } catch (thrown) {
    return { crls: [], keys: [], epochs: {}, error: describeThrown(thrown) };
  }
}

/**
 * Ready once policy, anchors and store are loaded and a worker decides, and every worker decides by what is in force;
 * stale feeds are told elsewhere.
 */
export function readinessOf(sources: StatusSources): {
  readonly ready: boolean;
  readonly missing: readonly string[];
  /** Which workers decide: where each has an address of its own, that one alone tells what a PEP can expect there. */
  readonly workers: readonly { readonly index: number; readonly ready: boolean }[];
} {
  const missing = new Set<string>();
  const { bundle, authorities } = sources.reload.current();
  const all = sources.pool.workers();
  const workers = all.filter(({ ready }) => ready);
  if (!bundle) missing.add('policy');
  if (authorities.trust.anchors.length === 0) missing.add('trust anchors');
  if (stateOf(sources).error !== null) missing.add('store');
  for (const worker of workers) for (const one of missingIn(worker, sources)) missing.add(one);
  if (sources.clock().standing !== null) missing.add('clock');
  if (workers.length === 0) missing.add('workers');
  const { ending } = sources.pool;
  if (ending) missing.add('draining');
  return {
    ready: missing.size === 0,
    missing: [...missing],
    workers: all.map(({ index, ready }) => ({ index, ready: ready && !ending })),
  };
}

/** What a worker lacks, and what it decides by that is not in force. */
function missingIn({ index, inUse, changing }: WorkerView, { reload }: StatusSources): readonly string[] {
  if (!inUse || changing) return [];
  const { bundle, anchors } = reload.current();
  const { configuration } = digestsOf(reload.current());
  const same = {
    configuration: inUse.configuration === configuration,
    anchors: inUse.anchors === anchors,
    bundle: inUse.bundle === null || inUse.bundle === bundle?.digest,
  };
  const others = Object.entries(same).filter(([, isSame]) => !isSame);
  return [...inUse.missing, ...others.map(([what]) => `${what} of worker ${index}`)];
}

/** What the gauges read at a scrape. */
export function readingsOf(sources: StatusSources): GaugeReadings {
  const now = sources.now();
  const { config, bundle } = sources.reload.current();
  const state = stateOf(sources);
  return {
    workers: sources.pool.workers().map(({ index, ready, stats }) => ({
      index,
      ready,
      eventLoopDelayS: stats?.eventLoopDelayS ?? 0,
      wasmPages: stats?.wasmPages ?? 0,
      connections: stats?.connections ?? 0,
      connectionsEnded: stats?.guarded.connections ?? {},
      callsEnded: stats?.guarded.calls ?? {},
      bufferedBytes: stats?.guarded.bufferedBytes ?? 0,
      callsWaiting: stats?.admission.mostWaiting ?? 0,
      callsShed: { waited: stats?.admission.shedWaited ?? 0, no_room: stats?.admission.shedNoRoom ?? 0 },
      callsAbandoned: stats?.admission.abandoned ?? 0,
      spansDropped: { ...stats?.spansDropped },
      kept: stats?.kept ?? [],
    })),
    kept: sources.remembered(),
    auditWritable: sources.records.writable(),
    ...clockReadings(sources.clock()),
    crls: state.crls.map((crl) => ({
      issuer: crl.issuerName,
      issuerKey: crl.issuerKey.slice(0, 16),
      scope: crl.scope,
      delta: crl.delta,
      ageS: (now - crl.thisUpdate) / 1000,
      remainingS: (crl.nextUpdate - now) / 1000,
      entries: crl.entries,
    })),
    bundleAgeS: bundle && (now - bundle.loadedAt) / 1000,
    ...bundleReadings(standingOf(sources, now), now),
    ...shadowReadings(sources.shadow(now)),
    epochs: state.epochs,
    sources: sources.sources().map(({ kind, name, error, age_s: ageS, failures }) => ({
      kind,
      name,
      failed: error !== null,
      ageS,
      failures,
    })),
    reloadFailed: sources.reload.lastError() !== null,
    storeBytes: storeBytes(config),
    ...sources.unenforced.inForce(config, now),
  };
}

function bundleReadings(
  standing: BundleStanding | null,
  now: EpochMs,
): Pick<GaugeReadings, 'bundleUnconfirmedS' | 'bundleStale' | 'bundlePinned' | 'bundleRefused'> {
  const confirmedAt = standing?.confirmedAt ?? null;
  const freshness = standing?.freshness ?? null;
  return {
    bundleUnconfirmedS: confirmedAt === null ? null : (now - confirmedAt) / 1000,
    bundleStale: freshness !== null && freshness !== 'fresh',
    bundlePinned: (standing?.pin ?? null) !== null,
    bundleRefused: (standing?.refused ?? null) !== null,
  };
}

function shadowReadings(view: ShadowView | null): Pick<GaugeReadings, 'shadowOnTrial' | 'shadowError'> {
  return {
    shadowOnTrial: view?.trial !== undefined,
    shadowError: view !== null && view.error !== null,
  };
}

/** The machine's clock, and the time that it is held against. */
function clockOf({ standing, kept, confirmed, leap }: ClockView): object {
  return {
    trusted: standing === null,
    kept: formatInstant(kept),
    confirmed: formatInstant(confirmed),
    system: standing && formatInstant(standing.system),
    behind_s: standing && seconds(standing.kept - standing.system),
    leap: leap && { ahead_s: seconds(leap.ahead), too_far: leap.too_far },
  };
}

function clockReadings({ standing, leap }: ClockView): Pick<GaugeReadings, 'clockTrusted' | 'clockAheadS'> {
  const ahead = standing ? standing.system - standing.kept : (leap?.ahead ?? 0);
  return { clockTrusted: standing === null, clockAheadS: ahead / 1000 };
}

function workersOf(pool: Pool): object[] {
  return pool.workers().map(({ index, pid, ready, restarts, addresses, stats, inUse }) => ({
    index,
    pid,
    ready,
    restarts,
    addresses: addresses.map(({ address }) => address),
    configuration: inUse?.configuration ?? null,
    anchors: inUse?.anchors ?? null,
    bundle: inUse?.bundle ?? null,
    decisions: stats?.decisions ?? null,
    connections: stats?.connections ?? null,
    resident_bytes: stats?.residentBytes ?? null,
  }));
}

function configurationOf(reload: ReloadState): object {
  const inForce = reload.current();
  const error = reload.lastError();
  return {
    file: inForce.config.file,
    digest: digestsOf(inForce).configuration,
    restart_needed: reload.restartNeeded(),
    last_error: error && { at: formatInstant(error.at), message: error.message },
  };
}

function crlOf(crl: CrlInfo, now: EpochMs): object {
  return {
    issuer: crl.issuerName,
    issuer_key: crl.issuerKey,
    scope: crl.scope,
    delta: crl.delta,
    base_number: crl.baseNumber ?? null,
    number: crl.number ?? null,
    this_update: formatInstant(crl.thisUpdate),
    next_update: formatInstant(crl.nextUpdate),
    age_s: seconds(now - crl.thisUpdate),
    stale: now >= crl.nextUpdate,
    entries: crl.entries,
    imported_at: formatInstant(crl.importedAt),
    source: crl.source,
    digest: crl.digest,
  };
}

/** Which parts of each issuer's list are there, and which are expected and missing. */
function coverageOf(sources: StatusSources, crls: readonly CrlInfo[]): object[] {
  const { config, authorities } = sources.reload.current();
  const named = namedAuthorities(authorities);
  const expected = expectedPoints(config.revocation.coverage, named);
  return crlCoverage(crls, expected).map(({ issuerKey, issuer, known, loaded, missing, complete }) => ({
    issuer: named.find(({ certificate }) => isCoverageOf({ issuerKey, issuer }, certificate))?.name ?? null,
    issuer_key: issuerKey,
    known,
    complete,
    loaded: loaded.map(({ scope, names, complete: list, delta }) => ({
      scope,
      names,
      number: list?.number ?? null,
      delta_number: delta?.number ?? null,
    })),
    missing,
  }));
}

function logOf(log: LogStats | null): object | null {
  if (log === null) return null;
  return {
    entries: log.size,
    under_checkpoint: log.integrated,
    minimum_index: log.minimumIndex,
    overdue: log.overdue,
    room_days: log.roomDays === null ? null : Math.floor(log.roomDays),
  };
}

function storeBytes(config: Config): number | null {
  const main = sizeOf(config.state.path);
  return main === null ? null : main + (sizeOf(`${config.state.path}-wal`) ?? 0);
}

function sizeOf(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.size ?? null;
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}
