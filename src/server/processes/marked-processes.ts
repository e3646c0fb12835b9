import { readFileSync, readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { markIn } from './mark.ts';

/** A process of this program, as Linux tells of it. */
export interface MarkedProcess {
  readonly pid: number;
  /** When it started, in the system's own unit: another process that gets its id later has another one. */
  readonly startedAt: string;
  /** What it is for: `worker`, `store-hand`, … */
  readonly what: string;
  /** It was stopped by a signal. */
  readonly stopped: boolean;
}

/**
 * Processes of this user, other than this one, whose command lines bear a mark that `wanted` takes (`markIn`). None where
 * the system has no `/proc` as Linux has it.
 */
export function markedProcesses(wanted: (mark: string) => boolean): MarkedProcess[] {
  const user = process.geteuid?.();
  return processIds().flatMap((pid) => {
    const args = readProc(pid, 'cmdline')?.split('\0').slice(0, -1) ?? [];
    const mark = markIn(args);
    if (mark === undefined || !wanted(mark) || userOf(pid) !== user) return [];
    const stat = statOf(pid);
    if (stat === undefined) return [];
    const what = basename(args.at(-2) ?? '').replace(/-main\.[jt]s$/, '');
    return [{ pid, startedAt: stat.startedAt, what, stopped: stat.state === 'T' }];
  });
}

/** Kills a process, unless it has ended and its id is another one's. */
export function killProcess({ pid, startedAt }: MarkedProcess): void {
  if (statOf(pid)?.startedAt !== startedAt) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended since.
    return;
  }
}

/** Whether nothing of a process runs any more, so that its ports and locks are free; who started it may not know yet. */
export function hasEnded({ pid, startedAt }: MarkedProcess): boolean {
  const stat = statOf(pid);
  if (stat?.startedAt !== startedAt) return true;
  if (stat.state !== 'Z') return false;
  try {
    // The first thread may be gone before the others are.
    return readdirSync(`/proc/${pid}/task`).length <= 1;
  } catch {
    return true;
  }
}

function processIds(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((pid) => pid !== process.pid);
  } catch {
    return [];
  }
}

/** The state and the start of a process (proc_pid_stat(5), fields 3 and 22); undefined for none. */
function statOf(pid: number): { readonly state: string; readonly startedAt: string } | undefined {
  const stat = readProc(pid, 'stat');
  // They are counted from behind the name, which is in brackets and may hold any character.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, startedAt] = [fields?.[0], fields?.[19]];
  return state === undefined || startedAt === undefined ? undefined : { state, startedAt };
}

/** The effective user of a process. */
function userOf(pid: number): number | undefined {
  const [, user] = /^Uid:\t\d+\t(\d+)/m.exec(readProc(pid, 'status') ?? '') ?? [];
  return user === undefined ? undefined : Number(user);
}

function readProc(pid: number, name: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1');
  } catch {
    return undefined;
  }
}
