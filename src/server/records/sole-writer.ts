import { statSync } from 'node:fs';
import type { Config } from '../../config/types.ts';
import { PortreeveError, asPortreeveError } from '../../lib/errors.ts';
import type { ErrorCode } from '../../lib/errors.ts';
import { claimFile } from '../../store/exclusive.ts';

/** What this server alone may write. */
export interface SoleWriter {
  /** Names the lock of the state (`lockName`): no other server that runs has one of this name. */
  readonly lock: string;
  /**
   * Takes the lock of the log where the start could not and no record may stand without it. Throws PDP_AUDIT_UNAVAILABLE
   * for as long as it cannot be tried, and where another server has it by now.
   */
  claimRecords(): void;
  /** Gives everything back. */
  release(): void;
}

/**
 * Makes this server the only one that writes its log of records and keeps its state: two would rotate each other's
 * files away and import the same CRLs against each other. Throws where another server has one of them
 * (PDP_AUDIT_UNAVAILABLE, PDP_STORE_UNAVAILABLE), naming its process.
 */
export function becomeSoleWriter(config: Config, pid: number, log: (line: string) => void): SoleWriter {
  const state = claim(config.state.path, 'state.path', 'PDP_STORE_UNAVAILABLE', pid);
  const { path, on_failure: onFailure } = config.audit;
  let records: (() => void) | undefined;
  const claimRecords = (): void => {
    records ??= claim(path, 'audit.path', 'PDP_AUDIT_UNAVAILABLE', pid);
  };
  try {
    claimRecords();
  } catch (thrown) {
    const { code, message } = asPortreeveError(thrown);
    if (code === 'PDP_AUDIT_UNAVAILABLE') {
      state();
      throw thrown;
    }
    // A volume that takes no lock takes no records either, and whether decisions go on then is configured.
    log(unknownWriter(path, message));
  }
  return {
    lock: lockName(config.state.path),
    claimRecords: () => {
      if (records !== undefined || onFailure === 'continue') return;
      try {
        claimRecords();
      } catch (thrown) {
        const { code, message } = asPortreeveError(thrown);
        if (code === 'PDP_AUDIT_UNAVAILABLE') throw thrown;
        throw new PortreeveError('PDP_AUDIT_UNAVAILABLE', unknownWriter(path, message), { cause: thrown });
      }
    },
    release: () => {
      records?.();
      state();
    },
  };
}

/** Names the lock of a file by what the system calls it: two paths, or one in two containers, are two locks or one. */
function lockName(path: string): string {
  const { dev, ino } = statSync(`${path}.lock`, { bigint: true });
  return `${dev}-${ino}`;
}

function unknownWriter(path: string, problem: string): string {
  return `whether another server writes ${path} cannot be found out: ${problem}`;
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
