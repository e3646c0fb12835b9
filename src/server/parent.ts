import { createKeyReader } from '../attestation/keys/key-reader.ts';
import { createKeyRing } from '../attestation/keys/key-ring.ts';
import { keyStates } from '../attestation/keys/key-states.ts';
import { recordMode } from '../audit/home.ts';
import type { Config } from '../config/types.ts';
import { higherVersion } from '../inventory/firmware/version.ts';
import { createRevocationReader } from '../revocation/reader.ts';
import { openStore } from '../store/open.ts';
import { openAdmin } from './listen/admin.ts';
import { startIndexing } from './audit/indexing.ts';
import { startOutsiders } from './audit/outsiders.ts';
import { openBundles } from './bundles/bundles.ts';
import { bundleStanding } from './bundles/view.ts';
import { followBundles } from './bundles/follow.ts';
import { noteInForce } from './bundles/note-in-force.ts';
import { startCounting } from './counting.ts';
import { recordHoldEnds } from './acts/hold-expiry.ts';
import { keptFolder } from './records/keep-versions.ts';
import { watchKept } from './records/kept-size.ts';
import { startHousekeeping } from './housekeeping.ts';
import { startObserved } from './worker/observed.ts';
import { retainOpenings } from './records/opening-retention.ts';
import { openLedger } from './records/ledger.ts';
import { startKnowledge } from './knowledge.ts';
import { startOcsp } from './ocsp/start-ocsp.ts';
import { startPool } from './worker/pool.ts';
import type { Pool } from './worker/pool.ts';
import { endLeftOver } from './processes/left-over.ts';
import { beginRun } from './processes/own-processes.ts';
import { programVersion } from './program.ts';
import { holdInForce, prepare, watchedFiles } from './reload.ts';
import type { ParentOptions, RunningServer } from './running-server.ts';
import { startSinks } from './sinks/sinks.ts';
import { openStoreHand } from './helpers/store-hand.ts';
import type { StoreHand } from './helpers/store-hand.ts';
import { openShadow } from './shadow/shadow.ts';
import { beforeRecords } from './records/before-records.ts';
import { becomeSoleWriter } from './records/sole-writer.ts';
import { readinessOf, statusOf } from './status.ts';
import type { StatusSources } from './status.ts';
import { lockPatience, watchStore, writerOf } from './files/store-watch.ts';
import { startTimeKeeper } from './time/time-keeper.ts';
import { Undo } from './undo.ts';
import { startWatching } from './files/watch.ts';

/** How often configuration, bundle and anchors are looked at (ms); events of the file system are faster. */
const watchMs = 1000;
/** How long a configuration that is written in place must stand still (ms): its first half may check, and ask for less. */
const quietMs = 200;
/** How long after its start the process beside this one begins (ms): workers come first. */
const handAfterMs = 5000;

/**
 * Starts the server: store, log, feeds, what must be kept, workers, admin. Resolves once every worker decides; rejects
 * with everything closed again (PDP_STORE_*, PDP_CONFIG_INVALID, PDP_LISTEN_FAILED, PDP_AUDIT_UNAVAILABLE).
 */
export async function startParent(config: Config, options: ParentOptions): Promise<RunningServer> {
  const undo = new Undo();
  try {
    return await assemble(config, options, undo);
  } catch (thrown) {
    await undo.all();
    throw thrown;
  }
}

async function assemble(config: Config, options: ParentOptions, undo: Undo): Promise<RunningServer> {
  const { log } = options;
  const sole = becomeSoleWriter(config, process.pid, log);
  undo.add(() => sole.release());
  await endLeftOver(sole.lock, log);
  undo.add(beginRun(sole.lock));
  const late: { config?: () => Config; pool?: Pool; storeReopened?: () => void } = {};
  const store = openStore({
    path: config.state.path,
    mode: 'read_write',
    now: options.clock.now(),
    clock: options.clock,
    // Once workers decide, they wait for this process: it does without the lock rather than to stand still.
    patience: () => (late.pool ? lockPatience : undefined),
    onFile: (event) => {
      if (event.kind === 'lost')
        return log(`nothing is allowed until this is mended: ${event.error.message}`);
      log(`another state file is in use: ${config.state.path} was replaced`);
      late.storeReopened?.();
    },
  });
  undo.add(() => store.close());
  const counting = startCounting(store.instance, options.otel);
  undo.add(() => counting.stop());
  const time = startTimeKeeper({
    store,
    clock: options.clock,
    rules: () => (late.config?.() ?? config).time,
    onKept: (kept) => late.pool?.tell({ kind: 'time', time: kept }),
    log,
  });
  undo.add(() => time.stop());
  // Whatever is dated from here on is dated by a time that is not behind what is known.
  const { clock } = time;
  const startedAt = clock.now();

  const hand = openStoreHand({ storePath: config.state.path, log });
  const handy = (): StoreHand | undefined => (late.pool ? hand : undefined);
  const bundles = openBundles({ store, clock, config: () => late.config?.() ?? config, hand: handy, log });
  const reload = holdInForce({
    first: await prepare(config, undefined, { clock, bundles }),
    load: options.load,
    ...{ clock, bundles, log },
    onRefused: (refused) => ledger.refused(refused),
    apply: async (next, before) => {
      await late.pool?.reload();
      // Another bundle alone changes nothing that files and sources are read for.
      if (next === before || next.config !== before.config) await knowledge.reconfigure();
      noteInForce(next, { store, clock, log });
      ledger.loaded(before, next);
    },
  });
  const follower = followBundles({
    ...{ bundles, reload, store, clock, log },
    onRefused: (refused) => ledger.refused(refused),
  });
  noteInForce(reload.current(), { store, clock, log });
  const current = (): Config => reload.current().config;
  late.config = current;
  const { bundleError, keepError } = reload.current();
  if (keepError !== null) log(`records will not replay before this is kept: ${keepError}`);
  if (bundleError !== null) log(`without a policy every decision is a denial: ${bundleError}`);

  let ending = 'the start failed';
  const ledger = openLedger({
    writer: writerOf(store, recordMode(config.audit)),
    store,
    clock,
    config: current,
    before: beforeRecords(config, sole, reload),
    onWritten: (count) => counting.metrics.recordsWritten(count),
    onLost: (count) => counting.metrics.recordsLost(count),
    onChange: ({ kind, detail }) => counting.metrics.keptOut(kind, Number(detail['kept_out'] ?? 0)),
    onWritable: (writable, error) => {
      log(writable ? 'records are written again' : `records cannot be written: ${error?.message ?? ''}`);
      late.pool?.audit(writable);
    },
    log,
  });
  undo.add(() => ledger.stop(ending));
  const outsiders = startOutsiders({
    ...{ folder: config.audit.path, log: ledger.log, config: config.audit, clock, say: log },
    onFailed: (kind, name) => counting.outsiders.failed(kind, name),
  });
  undo.add(() => outsiders.stop());
  const sinks = startSinks({
    ...{ config: config.audit, log: ledger.log, instance: store.instance, clock, say: log },
  });
  undo.add(() => sinks.stop());
  const indexing = startIndexing(config, ledger.log, log);
  undo.add(() => indexing.stop());
  if (bundleError !== null)
    ledger.refused({ what: 'bundle', selector: null, occasion: 'the start', problem: bundleError });

  const shadow = openShadow({
    ...{ store, clock, bundles, hand: handy, log, inForce: () => reload.current() },
    onWanted: (wanted) => late.pool?.tell({ kind: 'shadow', shadow: wanted }),
    write: (lines) => ledger.records.write(lines),
    writable: () => ledger.records.writable(),
    metrics: counting.shadow,
  });
  undo.add(() => shadow.stop());

  // CRLs before the first worker: no decision is made from less than is known.
  const knowledge = await startKnowledge({
    store,
    inForce: () => reload.current(),
    bundles: (of) => [...follower.specs(of), ...shadow.specs(of)],
    hand: handy,
    seenPoints: () => late.pool?.workers().flatMap(({ stats }) => stats?.crlUrls ?? []) ?? [],
    clock,
    log,
  });
  // A file that was put in place may lack what watched files and sources have brought since it was made.
  late.storeReopened = () => void knowledge.reconfigure().then(() => knowledge.ask());
  undo.add(() => {
    hand.stop();
    return knowledge.stop();
  });
  undo.add(() => follower.stop());
  undo.add(startHousekeeping({ store, hand, clock: time.cautious, log }));
  undo.add(recordHoldEnds(store, time.cautious, log));
  undo.add(retainOpenings(config, time.cautious, log));
  const observed = startObserved({
    ...{ store, clock: time.cautious, config: current, higher: higherVersion, log },
    tell: (learnt) => late.pool?.tell({ kind: 'learnt', learnt }),
    onDropped: (count) => counting.metrics.observationsDropped(count),
  });
  undo.add(() => observed.stop());
  const ocsp = startOcsp({ store, clock, inForce: () => reload.current(), log });
  undo.add(() => ocsp.stop());
  undo.add(watchStore(store));

  // Workers know from the first decision on whether it can be recorded.
  await ledger.records.open();
  const workers = await startPool({
    inForce: () => reload.current(),
    clock,
    otel: options.otel,
    auditWritable: () => ledger.records.writable(),
    onRecords: (block, written) => ledger.records.take(block, written),
    onDecided: (tallies, unrecorded) => {
      ledger.records.missed(unrecorded);
      counting.decisions(tallies);
      ledger.counted(tallies);
    },
    onMerged: (groups) => ledger.merged(groups),
    ...(options.onDecision && { onDecision: options.onDecision }),
    time: () => time.time(),
    shared: () => observed.shared(),
    onObserved: (observations, dropped) => observed.take(observations, dropped),
    onOcspWanted: (certificates) => ocsp.take(certificates),
    shadow: () => shadow.wanted(),
    onShadow: (batch, taken) => shadow.take(batch, taken),
    onRestart: (why) => counting.metrics.workerRestarted(why),
    onStarted: (started) => ledger.workerStarted(started),
    onEnded: (ended) => ledger.workerEnded(ended),
    log,
  });
  late.pool = workers;
  hand.begin(handAfterMs);
  undo.add(() => workers.drain(current().server.drain));

  const crls = createRevocationReader(store);
  const keys = createKeyReader(store);
  const sources: StatusSources = {
    store,
    startedAt,
    now: () => clock.now(),
    reload,
    pool: workers,
    sources: () => [...knowledge.views(), ...ocsp.views()],
    clock: () => time.view(),
    records: ledger.records,
    outsiders: () => outsiders.views(),
    sinks: () => sinks.views(),
    recordLog: () => ledger.log?.stats() ?? null,
    index: () => indexing.view(),
    kept: watchKept(keptFolder(config), clock),
    remembered: () => observed.kept(),
    unenforced: counting.unenforced,
    crls: () => store.snapshot(() => crls.crls()),
    keys: (now) => {
      const { verifiers } = reload.current();
      return store.snapshot(() => keyStates(verifiers, createKeyRing(verifiers, keys), now));
    },
    epochs: () => store.epochs(),
    shadow: (now) => shadow.view(now),
    bundle: (now) => bundleStanding(reload.current(), { store, refused: follower.refused(), now }),
  };
  counting.gauges(sources);
  const admin = await openAdmin(config, {
    ready: () => readinessOf(sources),
    metrics: () => counting.prometheus(),
    status: async () => statusOf(sources),
    version: { program: 'portreeve', version: programVersion, node: process.version },
    ...{ clock, ends: counting.adminEnds },
  });
  undo.add(() => admin.close());
  const watcher = await startWatching({
    paths: () => watchedFiles(current()),
    pollMs: watchMs,
    clock,
    quietMs,
    onChange: (changes) => reload.changed(changes.map(({ path }) => path)),
  });
  undo.add(() => watcher.stop());

  const addresses = [...workers.addresses(), ...admin.addresses];
  ledger.started(reload.current(), { listeners: addresses });
  ledger.loaded(undefined, reload.current());
  follower.begin();
  shadow.begin();
  const stop = async (): Promise<void> => {
    const { drain, drain_notice: notice } = current().server;
    // First of all: while PEPs get notice and calls in flight end, files are followed and whoever looks sees how it goes.
    await workers.drain(drain, notice);
    await undo.all();
  };
  let stopping: Promise<void> | undefined;
  return {
    addresses,
    status: () => statusOf(sources),
    metrics: () => counting.prometheus(),
    reload: (why) => {
      // SIGHUP is also what asks for the log to be opened anew, after it was moved away.
      ledger.records.reopen();
      return reload.reload(why).then(() => {
        knowledge.ask();
        ocsp.ask();
        outsiders.ask();
        sinks.ask();
      });
    },
    stop: (why) => {
      ending = why;
      log(`${why}: draining`);
      return (stopping ??= stop());
    },
  };
}
