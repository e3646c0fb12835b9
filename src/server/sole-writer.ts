import type { Config } from '../config/types.ts';
import { PortreeveError, asPortreeveError } from '../lib/errors.ts';
import type { ErrorCode } from '../lib/errors.ts';
import { claimFile } from '../store/exclusive.ts';

/**
 * Makes this server the only one that writes its log of records and keeps its state: two would rotate each other's
 * files away and import the same CRLs against each other. Answers how to give both back. Throws where another server
 * has one of them (PDP_AUDIT_UNAVAILABLE, PDP_STORE_UNAVAILABLE), naming its process.
 */
export function becomeSoleWriter(config: Config, pid: number, log: (line: string) => void): () => void {
  const state = claim(config.state.path, 'state.path', 'PDP_STORE_UNAVAILABLE', pid);
  try {
    const records = claimLog(config, pid, log);
    return () => {
      records?.();
      state();
    };
  } catch (thrown) {
    state();
    throw thrown;
  }
}

/** A log that cannot be locked cannot be written either: whether decisions go on then is configured. */
function claimLog(config: Config, pid: number, log: (line: string) => void): (() => void) | undefined {
  const { path, on_failure: onFailure } = config.audit;
  try {
    return claim(path, 'audit.path', 'PDP_AUDIT_UNAVAILABLE', pid);
  } catch (thrown) {
    const error = asPortreeveError(thrown);
    if (error.code === 'PDP_AUDIT_UNAVAILABLE') throw error;
    const problem = `whether another server writes ${path} cannot be found out: ${error.message}`;
    if (onFailure === 'deny') throw new PortreeveError('PDP_AUDIT_UNAVAILABLE', problem, { cause: thrown });
    log(problem);
    return undefined;
  }
}

function claim(path: string, key: string, code: ErrorCode, pid: number): () => void {
  const claimed = claimFile(path, pid);
  if (claimed.held) return () => claimed.release();
  const who = claimed.holder === null ? 'another server' : `the server with process id ${claimed.holder}`;
  throw new PortreeveError(
    code,
    `${path} is in use by ${who}: stop that one first, or give this one a ${key} of its own`,
  );
}
