import { describeThrown, PortreeveError, type ErrorCode } from '../lib/errors.ts';

/** Primary result codes of SQLite (sqlite.org/rescode.html): the low eight bits of the extended code. */
const resultCodes = {
  busy: 5,
  locked: 6,
  readonly: 8,
  ioerr: 10,
  corrupt: 11,
  full: 13,
  cantopen: 14,
  notadb: 26,
} as const;

/** Extended code of what a trigger raises: ours, on a file that was replaced (replace.ts). */
const raisedByTrigger = 1811;

const advice: Readonly<Record<number, string>> = {
  [resultCodes.busy]: 'another process holds the write lock; wait for it to end, or look for one that hangs',
  [resultCodes.locked]: 'another statement of this process holds the table; try again',
  [resultCodes.readonly]: 'the file or its folder may not be written; give write permission to both',
  [resultCodes.ioerr]: 'reading or writing the disk failed; look at the system log and the disk',
  [resultCodes.corrupt]: 'the file is damaged; stop every process, keep a copy, and restore the last backup',
  [resultCodes.full]: 'no room is left for it; free disk space (nothing of the failed change was kept)',
  [resultCodes.cantopen]: 'it cannot be opened; check that folder and file exist and may be read and written',
  [resultCodes.notadb]: 'it is not a Portreeve store; check state.path, or restore the last backup',
};

/** The primary SQLite result code of what node:sqlite threw; undefined where it was something else. */
export function sqliteCode(thrown: unknown): number | undefined {
  if (typeof thrown !== 'object' || thrown === null) return undefined;
  const errcode = (thrown as { errcode?: unknown }).errcode;
  return typeof errcode === 'number' ? errcode & 0xff : undefined;
}

/** Whether it was thrown because another connection holds the lock. */
export function isBusy(thrown: unknown): boolean {
  return sqliteCode(thrown) === resultCodes.busy;
}

/**
 * Turns what node:sqlite threw into PDP_STORE_UNAVAILABLE that says what happened, to which file and what to do
 * (disk full, read-only, damaged, locked, closed); statements that are wrong in themselves are PDP_INTERNAL.
 */
export function storeError(thrown: unknown, path: string): PortreeveError {
  if (thrown instanceof PortreeveError) return thrown;
  const code = sqliteCode(thrown);
  const hint = code === undefined ? undefined : advice[code];
  const replaced = (thrown as { errcode?: unknown } | null)?.errcode === raisedByTrigger;
  const closed = (thrown as { code?: unknown } | null)?.code === 'ERR_INVALID_STATE';
  const unavailable: ErrorCode =
    hint !== undefined || closed || replaced ? 'PDP_STORE_UNAVAILABLE' : 'PDP_INTERNAL';
  const text = `store ${path}: ${describeThrown(thrown)}${hint === undefined ? '' : ` — ${hint}`}`;
  return new PortreeveError(unavailable, text, { cause: thrown });
}
