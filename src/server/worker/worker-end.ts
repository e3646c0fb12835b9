import type { WorkerEnd } from '../../audit/acts.ts';
import { PortreeveError } from '../../lib/errors.ts';
import type { Ending } from './worker-process.ts';

/** Whether a worker ended by itself (or by another's signal), or was killed because it hung. */
export type EndCause = 'exit' | 'hung';

/** What a worker said of itself before it ended. */
export interface LastWords {
  readonly code: string;
  readonly message: string;
}

/** Pauses before a worker that keeps ending is started again: none, then doubling (ms). */
const backoffMs = { first: 100, most: 5000 };

/** The pause (ms) before a worker is started again that has failed so many times in a row, this one included. */
export function restartPause(failures: number): number {
  return failures <= 1 ? 0 : Math.min(backoffMs.most, backoffMs.first * 2 ** (failures - 2));
}

/** How a worker came to its end, in words that follow its name. */
export function describeEnd(why: EndCause, { code, signal }: Ending): string {
  return why === 'hung' ? 'hung and was killed' : `ended (${signal ?? code ?? '?'})`;
}

/** The word of records for how a worker came to its end; `drained` = it was told to end, and did so in order. */
export function endedHow(drained: boolean, why: EndCause, { signal }: Ending): WorkerEnd['how'] {
  if (drained) return 'drained';
  if (why === 'hung') return 'hung';
  return signal === null ? 'exit' : 'signal';
}

/** Why the pool does not start: the worker's own last words, else those of whoever saw it end. */
export function startFailure(lastWords: LastWords | undefined, seen: string): PortreeveError {
  const { code, message } = lastWords ?? { code: '', message: seen };
  return new PortreeveError(startError(code), message);
}

/** The codes that a start may end with; all else is internal. */
function startError(code: string): PortreeveError['code'] {
  const known = [
    'PDP_LISTEN_FAILED',
    'PDP_CONFIG_INVALID',
    'PDP_STORE_UNAVAILABLE',
    'PDP_STORE_NEWER',
  ] as const;
  return known.find((one) => one === code) ?? 'PDP_INTERNAL';
}
