import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { claimFile } from '../../store/exclusive.ts';
import { formatInstant } from '../../lib/clock.ts';
import { PortreeveError } from '../../lib/errors.ts';
import { DurableFolder } from './durable.ts';
import type { LogMode, LogOptions } from './types.ts';

/** What a writer leaves in `journal/session` for as long as it has the log open. */
export interface Session {
  readonly mode: LogMode;
  readonly flush_ms: number;
  readonly opened_at: string;
}

/** Makes this process the one that writes the log. Throws PDP_AUDIT_UNAVAILABLE, naming the process that does. */
export async function claimLog(folder: string, pid: number): Promise<() => void> {
  await mkdir(join(folder, 'journal'), { recursive: true, mode: 0o750 });
  const claimed = claimFile(join(folder, 'journal', 'writer'), pid);
  if (claimed.held) return () => claimed.release();
  const who = claimed.holder === null ? 'another process' : `the process with id ${claimed.holder}`;
  throw new PortreeveError('PDP_AUDIT_UNAVAILABLE', `the log ${folder} is written by ${who}`);
}

/** What the last writer left, where it did not close the log; null where it did. */
export async function lastSession(folder: string): Promise<Session | null> {
  let text: string;
  try {
    text = await readFile(pathOf(folder), 'utf8');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw thrown;
  }
  return parsed(text) ?? { mode: 'relaxed', flush_ms: 0, opened_at: '' };
}

function parsed(text: string): Session | undefined {
  try {
    const { mode, flush_ms: flushMs, opened_at: openedAt } = JSON.parse(text) as Record<string, unknown>;
    if ((mode !== 'strict' && mode !== 'relaxed') || typeof flushMs !== 'number') return undefined;
    return { mode, flush_ms: flushMs, opened_at: String(openedAt) };
  } catch {
    return undefined;
  }
}

export async function beginSession(
  folder: string,
  { mode, flushMs, mayLoseMs = flushMs, now }: Pick<LogOptions, 'mode' | 'flushMs' | 'mayLoseMs' | 'now'>,
): Promise<void> {
  const durable = new DurableFolder(folder);
  const session: Session = {
    mode,
    flush_ms: mode === 'strict' ? 0 : mayLoseMs,
    opened_at: formatInstant(now()),
  };
  await durable.write('journal/session', Buffer.from(`${JSON.stringify(session)}\n`));
  await durable.settle();
}

export async function endSession(folder: string): Promise<void> {
  await rm(pathOf(folder), { force: true });
}

function pathOf(folder: string): string {
  return join(folder, 'journal', 'session');
}
