import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { WorkerStats } from '../worker/channel.ts';

/** Between two signs of life (ms); the parent kills a worker that gives none for a second. */
export const heartbeatMs = 200;

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
  const timer = setInterval(() => {
    // The histogram measures the interval between its own ticks, so an idle loop reads as the resolution.
    const eventLoopDelayS = Math.max(0, delay.percentile(99) / 1e9 - 0.01);
    delay.reset();
    beat({ ...read(), eventLoopDelayS, residentBytes: process.memoryUsage.rss() });
  }, heartbeatMs);
  return {
    stop: () => {
      clearInterval(timer);
      delay.disable();
    },
  };
}
