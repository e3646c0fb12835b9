import { monitorEventLoopDelay } from 'node:perf_hooks';
import { systemClock } from '../../lib/clock.ts';
import type { WorkerStats } from '../worker/channel.ts';

/** Between two signs of life (ms); the parent kills a worker that gives none for a second. */
export const heartbeatMs = 200;

/** How long delays of the event loop are collected for one 99th percentile (ms). */
const delayWindowMs = 10_000;

/**
 * Gives a sign of life now, and others until stopped, for a worker that has nothing to tell of itself yet: a start over
 * much state takes its time, and must not be taken for one that hangs.
 */
export function startSigns(sign: () => void): { stop(): void } {
  sign();
  const timer = setInterval(sign, heartbeatMs);
  return { stop: () => clearInterval(timer) };
}

/**
 * Gives signs of life until stopped. A worker whose event loop hangs gives none, which is the point: no thread of
 * its own must stand in for it.
 */
export function startHeartbeat(
  read: () => Omit<WorkerStats, 'eventLoopDelayS' | 'residentBytes'>,
  beat: (stats: WorkerStats) => void,
): { stop(): void } {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  // The histogram measures the interval between its own ticks, so an idle loop reads as the resolution.
  const p99 = (): number => Math.max(0, delay.percentile(99) / 1e9 - 0.01);
  let [begun, whole]: [number, number | undefined] = [systemClock.monotonic(), undefined];
  const timer = setInterval(() => {
    // Between two signs of life there are some twenty ticks, whose 99th percentile is their worst: of no use to who
    // looks every fifteen seconds. The last whole window is told, and the first as far as it has come.
    if (systemClock.monotonic() - begun >= delayWindowMs) {
      [begun, whole] = [systemClock.monotonic(), p99()];
      delay.reset();
    }
    beat({ ...read(), eventLoopDelayS: whole ?? p99(), residentBytes: process.memoryUsage.rss() });
  }, heartbeatMs);
  return {
    stop: () => {
      clearInterval(timer);
      delay.disable();
    },
  };
}
