import type { Config } from '../config/types.ts';
import { mostHeap, paceHeap } from './worker/heap-pacing.ts';
import { startParent } from './parent.ts';
import type { ParentOptions, RunningServer } from './running-server.ts';

export interface RunOptions extends ParentOptions {
  /** Called once every worker decides. */
  readonly onReady?: (server: RunningServer) => void;
  /** Ends the server as a signal would; for callers that are no terminal. */
  readonly abort?: AbortSignal;
}

/**
 * Runs the server until SIGTERM or SIGINT, then drains it; answers the exit code. A second signal ends the process at
 * once. SIGHUP reloads. Rejects where the server cannot start.
 */
export async function runParent(config: Config, options: RunOptions): Promise<number> {
  paceHeap(mostHeap.parent);
  const ended = Promise.withResolvers<string>();
  let signalled = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (signalled) process.exit(1);
    signalled = true;
    ended.resolve(signal);
  };
  const onAbort = (): void => ended.resolve('stopped');
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  options.abort?.addEventListener('abort', onAbort);
  if (options.abort?.aborted) onAbort();
  let onHangup: (() => void) | undefined;
  try {
    const server = await startParent(config, options);
    onHangup = () => void server.reload('SIGHUP');
    process.on('SIGHUP', onHangup);
    options.onReady?.(server);
    await server.stop(await ended.promise);
    return 0;
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
    if (onHangup) process.off('SIGHUP', onHangup);
    options.abort?.removeEventListener('abort', onAbort);
  }
}
