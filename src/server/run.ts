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
 * once, and all that it has forked. SIGHUP reloads; one that comes during the start does so once the server is ready, and
 * one that comes during the drain does nothing. Rejects where the server cannot start. From its end on the process takes
 * no notice of these signals: call it once, and end the process after it.
 */
export async function runParent(config: Config, options: RunOptions): Promise<number> {
  paceHeap(mostHeap.parent);
  const ended = Promise.withResolvers<string>();
  let signalled = false;
  let over = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    // The process is about to end by itself, with a code that a signal must not change.
    if (over) return;
    if (signalled) leave(1);
    signalled = true;
    ended.resolve(signal);
  };
  const onAbort = (): void => ended.resolve('stopped');
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  hearHangups();
  options.abort?.addEventListener('abort', onAbort);
  if (options.abort?.aborted) onAbort();
  try {
    const server = await startParent(config, options);
    options.onReady?.(server);
    const endHangups = takeHangups(() => void server.reload('SIGHUP'));
    const why = await ended.promise;
    // Whoever goes on asking for reloads would keep a server from its end.
    endHangups();
    await server.stop(why);
    return 0;
  } finally {
    over = true;
    options.abort?.removeEventListener('abort', onAbort);
  }
}
