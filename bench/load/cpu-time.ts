import { readFileSync, readdirSync } from 'node:fs';

/**
 * CPU time (user and system) in microseconds of a process and all its descendants, from /proc. By `schedstat`, which
 * counts nanoseconds: the ticks of `stat` are 10 ms, a tenth of what a short round of a cheap server takes.
 */
export function cpuMicros(rootPid: number): number {
  const children = new Map<number, number[]>();
  const own = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = readStat(Number(name));
    if (!stat) continue;
    own.set(stat.pid, runNanos(stat.pid));
    children.set(stat.parent, [...(children.get(stat.parent) ?? []), stat.pid]);
  }
  const sum = (pid: number): number =>
    (own.get(pid) ?? 0) + (children.get(pid) ?? []).reduce((total, child) => total + sum(child), 0);
  return sum(rootPid) / 1000;
}

/** The same of the process alone. */
export function ownCpuMicros(pid: number): number {
  return runNanos(pid) / 1000;
}

/** The same of its main thread alone: the one that runs JavaScript. */
export function mainThreadCpuMicros(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1000;
}

/** Nanoseconds that the threads of a process have run; those of a thread that has ended are not in it. */
function runNanos(pid: number): number {
  let sum = 0;
  try {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      sum += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
    }
  } catch {
    // It ended meanwhile.
  }
  return sum;
}

function readStat(pid: number): { pid: number; parent: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command in parentheses may hold spaces: fields are counted from behind its last one.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { pid, parent: Number(fields[1]) };
  } catch {
    return undefined;
  }
}
