import { asPortreeveError, PortreeveError } from '../../lib/errors.ts';
import { sqliteCode } from '../../store/sqlite-errors.ts';
import { indexName } from './schema.ts';

/** SQLITE_CORRUPT and SQLITE_NOTADB. */
const damagedCodes: readonly unknown[] = [11, 26];

const ofDamage = new WeakSet<object>();

/** What is thrown where an index does not say what an index can say: PDP_STORE_UNAVAILABLE. */
export function damagedIndex(cause?: unknown): PortreeveError {
  const message = `${indexName} is damaged: make it anew by audit reindex, or do without it by --no-index`;
  const error = new PortreeveError('PDP_STORE_UNAVAILABLE', message, { cause });
  ofDamage.add(error);
  return error;
}

/** Whether what was thrown is a `damagedIndex`, which nothing mends; a store that cannot be read just now is none. */
export function isDamagedIndex(thrown: unknown): boolean {
  return typeof thrown === 'object' && thrown !== null && ofDamage.has(thrown);
}

/** Reads of an index, which anybody may have written: whatever is thrown that is not told by a code is `damagedIndex`. */
export function readingIndex<T>(read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    throw told(thrown);
  }
}

/** As `readingIndex`, row by row; what whoever asks for the rows throws stays as it is. */
export function* readingRows<T>(rows: () => Iterable<T>): Generator<T> {
  const own = readingIndex(() => rows()[Symbol.iterator]());
  try {
    for (;;) {
      const next = readingIndex(() => own.next());
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    own.return?.();
  }
}

function told(thrown: unknown): PortreeveError {
  if (!(thrown instanceof PortreeveError)) return damagedIndex(thrown);
  const { code, cause } = asPortreeveError(thrown);
  return code === 'PDP_INTERNAL' || damagedCodes.includes(sqliteCode(cause)) ? damagedIndex(thrown) : thrown;
}
