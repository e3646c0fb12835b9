import type { Config } from '../config/types.ts';
import { mostHeap, paceHeap } from './worker/heap-pacing.ts';
import { startParent } from './parent.ts';
import { hearHangups, takeHangups } from './processes/hangups.ts';
import { leave } from './processes/leave.ts';
import type { ParentOptions, RunningServer } from './running-server.ts';

export interface RunOptions extends ParentOptions {
  /** Called once every worker decides. */
  readonly onReady?: (server: RunningServer) => void;
  /** Ends the server as a signal would; for callers that are no terminal. */
  readonly abort?: AbortSignal;
}

/**
 * Runs the server until SIGTERM or SIGINT, then drains it; answers the exit code. A second signal ends the process at
 * once, and all that it has forked. SIGHUP reloads; one that comes during the start does so once the server is ready.
 * Rejects where the server cannot start.
 */
export async function runParent(config: Config, options: RunOptions): Promise<number> {
  paceHeap(mostHeap.parent);
  const ended = Promise.withResolvers<string>();
  let signalled = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (signalled) leave(1);
    signalled = true;
    ended.resolve(signal);
  };
  const onAbort = (): void => ended.resolve('stopped');
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  hearHangups();
  options.abort?.addEventListener('abort', onAbort);
  if (options.abort?.aborted) onAbort();
  let endHangups: (() => void) | undefined;
  try {
    const server = await startParent(config, options);
    options.onReady?.(server);
    endHangups = takeHangups(() => void server.reload('SIGHUP'));
    await server.stop(await ended.promise);
    return 0;
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
    endHangups?.();
    options.abort?.removeEventListener('abort', onAbort);
  }
}
