import type { Attributes } from '@opentelemetry/api';
import type { KeptStats } from '../lib/kept.ts';
import { label, metric } from './names.ts';
import { counter, gauge } from './gauge-kinds.ts';
import type { Observed, Values } from './gauge-kinds.ts';
import type { GaugeReadings, WorkerReading } from './readings.ts';

const perWorker =
  (value: (worker: WorkerReading) => number) =>
  (readings: GaugeReadings): Values =>
    readings.workers
      .filter((worker) => worker.ready)
      .map((worker) => [value(worker), { [label.worker]: worker.index }]);

const perWorkerAndCause =
  (counts: (worker: WorkerReading) => Readonly<Record<string, number>>) =>
  (readings: GaugeReadings): Values =>
    readings.workers
      .filter((worker) => worker.ready)
      .flatMap((worker) =>
        Object.entries(counts(worker)).map(
          ([why, count]) => [count, { [label.worker]: worker.index, [label.why]: why }] as const,
        ),
      );

/** Of each memory that has such a value: those of workers by worker, and those that serve all of them without. */
const perKept =
  (value: (kept: KeptStats) => number | undefined) =>
  (readings: GaugeReadings): Values => {
    const told = (kept: readonly KeptStats[], of: Attributes): Values =>
      kept.flatMap((one) => {
        const read = value(one);
        return read === undefined ? [] : [[read, { ...of, [label.kept]: one.name }] as const];
      });
    return [
      ...readings.workers
        .filter((worker) => worker.ready)
        .flatMap(({ index, kept }) => told(kept, { [label.worker]: index })),
      ...told(readings.kept, {}),
    ];
  };

/** What each worker tells of itself, one that is not ready nothing; and what is remembered for all of them. */
export const workerGauges: readonly Observed[] = [
  gauge(
    metric.eventLoopDelay,
    '99th percentile of the event loop delay, over ten seconds',
    perWorker(({ eventLoopDelayS }) => eventLoopDelayS),
    's',
  ),
  gauge(
    metric.wasmPages,
    'Pages (64 KiB) of WASM memory that the policy uses',
    perWorker(({ wasmPages }) => wasmPages),
  ),
  gauge(
    metric.connections,
    'Open connections of enforcement points',
    perWorker(({ connections }) => connections),
  ),
  counter(
    metric.connectionsEnded,
    'Connections refused or ended because they went beyond their bounds, by why, since the worker started',
    perWorkerAndCause(({ connectionsEnded }) => connectionsEnded),
  ),
  counter(
    metric.callsEnded,
    'Calls that ended without an answer, by why, since the worker started',
    perWorkerAndCause(({ callsEnded }) => callsEnded),
  ),
  gauge(
    metric.callsBuffered,
    'Bytes of calls that are not answered yet',
    perWorker(({ bufferedBytes }) => bufferedBytes),
    'By',
  ),
  gauge(
    metric.callsWaiting,
    'Most calls that waited for their turn at the same time, between two heartbeats',
    perWorker(({ callsWaiting }) => callsWaiting),
  ),
  counter(
    metric.callsShed,
    'Calls that were answered without being begun, by why, since the worker started',
    perWorkerAndCause(({ callsShed }) => callsShed),
  ),
  counter(
    metric.callsAbandoned,
    'Calls that their enforcement point gave up while they waited for their turn, since the worker started',
    perWorker(({ callsAbandoned }) => callsAbandoned),
  ),
  counter(
    metric.spansDropped,
    'Spans of decisions that no collector got, by why, since the worker started',
    perWorkerAndCause(({ spansDropped }) => spansDropped),
  ),
  gauge(
    metric.keptEntries,
    'Entries of what is remembered, by worker or for all of them',
    perKept(({ entries }) => entries),
  ),
  gauge(
    metric.keptBound,
    'Most entries of what is remembered',
    perKept(({ bound }) => bound),
  ),
  gauge(
    metric.keptBytes,
    'Bytes that the entries of what is remembered take, where that is bounded',
    perKept(({ bytes }) => bytes?.held),
  ),
  gauge(
    metric.keptBytesBound,
    'Most bytes that the entries of what is remembered may take, where that is bounded',
    perKept(({ bytes }) => bytes?.bound),
  ),
  counter(
    metric.keptHits,
    'Times that what was looked for was remembered, since the memory was made',
    perKept(({ hits }) => hits),
  ),
  counter(
    metric.keptMisses,
    'Times that it was not, and had to be worked out or to be read',
    perKept(({ misses }) => misses),
  ),
  counter(
    metric.keptEvictions,
    'Entries that made room for others, or that a change of the state has overtaken',
    perKept(({ evictions }) => evictions),
  ),
];
