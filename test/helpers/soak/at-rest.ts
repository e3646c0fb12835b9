/** What a server's processes hold while nobody asks them anything: what has grown there, has leaked. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Noted } from '../note-resources.ts';

/** Of one process. */
export interface Held {
  /** Memory of its own (MiB) after its garbage was collected; what the engine keeps in reserve comes and goes. */
  readonly mib: number;
  /** What objects and their buffers take of it (MiB). */
  readonly live: number;
  readonly files: number;
  readonly threads: number;
  /** What keeps its event loop alive: timers, sockets, requests under way. */
  readonly resources: number;
}

export interface AtRest {
  readonly worker: Held;
  readonly parent: Held;
  /** The parent's children, and theirs. */
  readonly processes: number;
}

/** How often it is looked: what is there only now and then (a file being read, a bundle being tried) is not counted. */
const looks = 5;
const betweenMs = 150;

/** Looks a few times, and answers the least of each. The processes have `note-resources.ts` write into this folder. */
export async function lookAtRest(parent: number, worker: number, folder: string): Promise<AtRest> {
  const seen: AtRest[] = [];
  for (let look = 0; look < looks; look += 1) {
    await pause(betweenMs);
    const [held, ofWorker] = [await heldBy(parent, folder), await heldBy(worker, folder)];
    seen.push({ worker: ofWorker, parent: held, processes: descendantsOf(parent) });
  }
  const least = (value: (one: AtRest) => number): number => Math.min(...seen.map(value));
  const leastOf = (who: 'worker' | 'parent'): Held => ({
    mib: least((one) => one[who].mib),
    live: least((one) => one[who].live),
    files: least((one) => one[who].files),
    threads: least((one) => one[who].threads),
    resources: least((one) => one[who].resources),
  });
  return {
    worker: leastOf('worker'),
    parent: leastOf('parent'),
    processes: least(({ processes }) => processes),
  };
}

async function heldBy(pid: number, folder: string): Promise<Held> {
  const file = join(folder, `${pid}.json`);
  const read = (): Noted | undefined =>
    existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Noted) : undefined;
  const before = read()?.told ?? 0;
  process.kill(pid, 'SIGUSR2');
  let noted = read();
  for (; noted === undefined || noted.told === before; noted = read()) await pause(10);
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const told = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
  return {
    mib: told('RssAnon') / 1024,
    live: noted.live / 2 ** 20,
    files: readdirSync(`/proc/${pid}/fd`).length,
    threads: told('Threads'),
    resources: noted.resources.length,
  };
}

function descendantsOf(pid: number): number {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const parent = parentOf(name);
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const count = (of: number): number =>
    (children.get(of) ?? []).reduce((sum, child) => sum + 1 + count(child), 0);
  return count(pid);
}

/** Undefined of a process that has ended meanwhile. */
function parentOf(pid: string): number | undefined {
  try {
    return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return undefined;
  }
}
