import { flushCompileCache } from 'node:module';
import { createAdmission } from '../../api/admission.ts';
import type { Admission } from '../../api/admission.ts';
import { createAttestationUses } from '../../attestation/replay-memory.ts';
import { recordMode } from '../../audit/home.ts';
import type { Config } from '../../config/types.ts';
import { createSharedBoard } from '../../inventory/observed/board.ts';
import { systemClock } from '../../lib/clock.ts';
import { asPortreeveError } from '../../lib/errors.ts';
import type { PortreeveError } from '../../lib/errors.ts';
import { createTrustedClock, earliestPossible } from '../../lib/trusted-time.ts';
import { channelToParent } from './channel.ts';
import type { Channel, ToParent, ToWorker, WorkerStats } from './channel.ts';
import { composeDecision } from '../compose.ts';
import type { Composition } from '../compose.ts';
import { doorsFor } from '../listen/doors.ts';
import { mostHeap, paceHeap } from './heap-pacing.ts';
import { startHeartbeat, startSigns } from '../acts/heartbeat.ts';
import { openListeners } from '../listen/listeners.ts';
import type { Listeners } from '../listen/listeners.ts';
import { holdComposition } from './live-composition.ts';
import { keptOf, largeKept } from './kept.ts';
import type { LiveComposition } from './live-composition.ts';
import type { Learnt } from './observed.ts';
import { createMerging } from '../records/merging.ts';
import { createObservedSender } from './observed-sender.ts';
import type { ObservedSender } from './observed-sender.ts';
import { createWantedSender } from '../ocsp/wanted-sender.ts';
import type { WantedSender } from '../ocsp/wanted-sender.ts';
import { startTracing } from '../otel/otel.ts';
import type { Tracing } from '../otel/otel.ts';
import { programVersion } from '../program.ts';
import { createRecordLines } from '../records/record-lines.ts';
import { openRecordPipe } from '../records/record-pipe.ts';
import { createRecordSender } from '../records/record-sender.ts';
import type { RecordSender } from '../records/record-sender.ts';
import { createShadowSender } from '../shadow/sender.ts';
import type { ShadowSender } from '../shadow/sender.ts';

type Start = Extract<ToWorker, { kind: 'start' }>;

/** What is dealt with one after the other. */
type InTurn = Exclude<ToWorker, { kind: 'audit' | 'time' | 'learnt' | 'shadow' | 'shadow_taken' }>;

/** What hands on what becomes of decisions, from the worker's begin to its end. */
interface Senders {
  readonly records: RecordSender;
  readonly shadow: ShadowSender;
}

/** A worker that has begun to decide. */
interface Running {
  readonly live: LiveComposition;
  readonly listeners: Listeners;
  readonly observed: ObservedSender;
  readonly wanted: WantedSender;
  readonly tracing: Tracing;
  readonly heartbeat: { stop(): void };
  /** Health says NOT_SERVING from then on. */
  draining: boolean;
}

/** What this worker was told of time and of shared keys; it outlives every composition. */
const time = { tolerance: 0 };
const nothingKept = { kept: earliestPossible, confirmed: earliestPossible };
const clock = createTrustedClock(systemClock, nothingKept, () => time.tolerance);
const board = createSharedBoard();
const lines = createRecordLines();

/** Outlives reloads: another configuration does not make a replayed result a new one. */
const attestationUses = createAttestationUses();

/**
 * The forked process: decides, and does nothing else. Its records go to the parent; without the parent it ends at
 * once, because nobody may decide without being recorded. Signals are the parent's: a terminal's Ctrl-C reaches the
 * whole group, and a drain must come first.
 */
export function runWorker(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
  const channel: Channel<ToParent> = channelToParent({
    message: (message) => inTurn(message),
    broken: () => process.exit(1),
  });
  const pipe = openRecordPipe(() => process.exit(1));
  const records = createRecordSender(pipe, channel, lines.line, lines.beforeLeave);
  const shadow = createShadowSender((batch) => void tell(channel, { kind: 'shadow', batch }));
  let running: Running | undefined;
  const signs = startSigns(() => void tell(channel, { kind: 'starting' }));
  paceHeap(mostHeap.worker, () => entriesKept(running));
  let last: Promise<void> = Promise.resolve();

  const inTurn = (message: ToWorker): void => {
    // Whether records can be written must count at once, also while something else takes its time.
    if (message.kind === 'audit') return records.writable(message.writable);
    // So must what is known of the time, and of keys that are shared.
    if (message.kind === 'time') return clock.keep(message.time);
    if (message.kind === 'learnt') return learn(message.learnt, running?.live.current());
    if (message.kind === 'shadow') return shadow.ask(message.shadow);
    if (message.kind === 'shadow_taken') return shadow.taken();
    next(() => handle(message));
  };
  const next = (step: () => Promise<void>): void => {
    last = last.then(step).catch((thrown: unknown) => fatal(channel, thrown));
  };
  const handle = async (message: InTurn): Promise<void> => {
    if (message.kind === 'start') {
      shadow.ask(message.shadow);
      running = await start(message, channel, { records, shadow });
      signs.stop();
      await tell(channel, {
        kind: 'ready',
        addresses: running.listeners.addresses,
        inUse: running.live.current().inUse(),
      });
    } else if (running && message.kind === 'reload') {
      await reload(message, running, channel, records);
    } else if (running && message.kind === 'bundle') {
      await exchangeBundle(message, running, channel);
    } else if (running && message.kind === 'drain') {
      const ending = running;
      ending.draining = true;
      // Meanwhile it is told of changes as before.
      void pause(message.noticeMs).then(() => {
        next(() => drain(ending, message, channel, { records, shadow }));
      });
    }
  };
  process.on('uncaughtException', (thrown) => fatal(channel, thrown));
  process.on('unhandledRejection', (thrown) => fatal(channel, thrown));
}

async function start(
  message: Start,
  channel: Channel<ToParent>,
  { records, shadow }: Senders,
): Promise<Running> {
  records.writable(message.auditWritable);
  records.tellEach(message.tellEach);
  records.budget(message.config.server.budget);
  records.mode(recordMode(message.config.audit), message.config.audit.flush);
  records.merging(createMerging({ config: message.config, channel, clock }));
  lines.use(message.config);
  time.tolerance = message.config.time.tolerance;
  clock.keep(message.time);
  board.note(message.shared);
  const composition = await composeFrom(message, channel, records);
  const tracing = startTracing(
    { version: programVersion, instance: composition.deps.store.instance },
    message.otel,
  );
  const policyError = composition.policyError();
  if (policyError) await report(channel, policyError);
  const live = holdComposition(composition, (made) => {
    records.count(made);
    observed.note(made);
    wanted.note(made);
    shadow.note(made);
  });
  const wanted = createWantedSender(channel, clock);
  const observed = createObservedSender(channel, board, clock, () => live.current().config);
  const state = { draining: false };
  const admission = createAdmission(systemClock, { recordsLate: () => records.late() });
  const ready = (): boolean => !state.draining && live.current().readiness().ready;
  // Node.js writes what it has compiled as it ends, after a first start for seconds: an end that takes so long is taken for
  // one that hangs. Here nobody waits yet for an answer, and one that has to take this worker's place starts faster.
  flushCompileCache();
  const listeners = await openListeners({
    config: () => live.current().config,
    certificates: () => live.current().certificates,
    index: message.index,
    bound: message.bound,
    clock,
    serverFor: (listener) => doorsFor(listener, live, { clock, ready, admission }),
    onProblem: (error) => void report(channel, error),
  });
  const heartbeat = startHeartbeat(
    () => ({ ...statsOf(live, listeners, admission), spansDropped: tracing.dropped() }),
    (stats) => void tell(channel, { kind: 'heartbeat', stats }),
  );
  return Object.assign(state, { live, listeners, observed, wanted, tracing, heartbeat });
}

/** Puts a changed configuration in force between two decisions; one that cannot be composed leaves the old one. */
async function reload(
  message: Extract<ToWorker, { kind: 'reload' }>,
  { live, listeners }: Running,
  channel: Channel<ToParent>,
  records: RecordSender,
): Promise<void> {
  let error: string | null = null;
  try {
    const next = await composeFrom(message, channel, records, live.current());
    // Where no policy is in force either, there is nothing to keep.
    const policyError = next.policyError();
    if (policyError && live.current().deps.policy()) {
      next.close();
      error = policyError.message;
    } else {
      live.replace(next);
      time.tolerance = next.config.time.tolerance;
      listeners.refresh();
    }
  } catch (thrown) {
    error = asPortreeveError(thrown).message;
  }
  await tell(channel, {
    kind: 'reloaded',
    reload: message.reload,
    error,
    inUse: live.current().inUse(),
  });
}

/** Puts another bundle in force between two decisions; one that cannot be loaded leaves the old one. */
async function exchangeBundle(
  { bundle, reload }: Extract<ToWorker, { kind: 'bundle' }>,
  { live }: Running,
  channel: Channel<ToParent>,
): Promise<void> {
  const current = live.current();
  const error = await current.usePolicy(bundle);
  // Where no policy is in force either, there is nothing to keep.
  const refused = error && current.deps.policy() ? error.message : null;
  await tell(channel, { kind: 'reloaded', reload, error: refused, inUse: current.inUse() });
}

/** What all workers have learnt together counts from the next decision on. */
function learn({ shared, devices }: Learnt, composition: Composition | undefined): void {
  board.note(shared);
  composition?.observed.forget(devices);
}

function reopened(config: Config): string {
  return `another state file is in use: ${config.state.path} was replaced`;
}

/** Composes from the bytes that the parent checked, kept and put in force; the files may be others by now. */
function composeFrom(
  { config, material }: Pick<Start, 'config' | 'material'>,
  channel: Channel<ToParent>,
  recorder: RecordSender,
  before?: Composition,
): Promise<Composition> {
  return composeDecision(config, {
    ...(before && { before }),
    recorder,
    clock,
    trusted: () => clock,
    board,
    mode: 'read_only',
    material,
    attestationUses,
    onFile: (event) => {
      if (event.kind === 'lost') void report(channel, event.error);
      else void tell(channel, { kind: 'fault', code: '', message: reopened(config), fatal: false });
    },
  });
}

async function drain(
  running: Running,
  { graceMs }: Extract<ToWorker, { kind: 'drain' }>,
  channel: Channel<ToParent>,
  { records, shadow }: Senders,
): Promise<void> {
  await running.listeners.drain(graceMs);
  const allKept = await records.flush();
  await running.observed.flush();
  await running.wanted.flush();
  shadow.end();
  running.heartbeat.stop();
  await Promise.race([running.tracing.shutdown().catch(() => undefined), pause(tracingGraceMs)]);
  await tell(channel, { kind: 'drained', kept: allKept });
  // An end that is not in order is what the parent tells of in the log: answers may have gone ahead of these records.
  process.exit(allKept ? 0 : 1);
}

/** How long the last spans may take to be sent (ms). */
const tracingGraceMs = 2000;

function statsOf(
  live: LiveComposition,
  listeners: Listeners,
  admission: Admission,
): Omit<WorkerStats, 'eventLoopDelayS' | 'residentBytes' | 'spansDropped'> {
  return {
    wasmPages: live.current().deps.policy()?.pages() ?? 0,
    decisions: live.decisions(),
    connections: listeners.connections(),
    admission: admission.stats(),
    kept: keptOf(live.current().deps),
    guarded: listeners.guarded(),
    crlUrls: live.current().seenPoints.urls(),
    inUse: live.current().inUse(),
  };
}

function entriesKept(running: Running | undefined): number {
  const kept = running ? largeKept(running.live.current().deps) : [];
  return kept.reduce((sum, { entries }) => sum + entries, 0);
}

/** Sends, and ends the process where that cannot be done: the channel is what a worker lives by. */
async function tell(channel: Channel<ToParent>, message: ToParent): Promise<void> {
  try {
    await channel.send(message);
  } catch {
    process.exit(1);
  }
}

function report(channel: Channel<ToParent>, error: PortreeveError, fatal = false): Promise<void> {
  return tell(channel, { kind: 'fault', code: error.code, message: error.message, fatal });
}

function fatal(channel: Channel<ToParent>, thrown: unknown): void {
  void report(channel, asPortreeveError(thrown), true).finally(() => process.exit(1));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
