import { randomBytes } from 'node:crypto';
import { fork } from 'node:child_process';
import type { ChildProcess, ForkOptions } from 'node:child_process';
import { killProcess, markedProcesses } from './marked-processes.ts';
import { markIn, markOf } from './mark.ts';

/** Processes that this one has forked and that have not ended. */
const forked = new Set<ChildProcess>();

/** Whose this process and what it forks are: a forked one has it from its command line. */
let mark = markIn(process.argv);
/** The run that this process itself began. */
let begun: string | undefined;

/**
 * Forks a process of the server: like `fork` without arguments, but its command line says whose it is, and it does not
 * outlive this one's end by `process.exit`, whatever it is doing then.
 */
export function forkOwn(entry: string, options: ForkOptions): ChildProcess {
  if (!process.listeners('exit').includes(endOwn)) process.on('exit', endOwn);
  const child = fork(entry, mark === undefined ? [] : [mark], options);
  forked.add(child);
  child.once('exit', () => forked.delete(child));
  child.once('error', () => child.pid === undefined && forked.delete(child));
  return child;
}

/**
 * Begins a run of the server that holds the lock of this name (`lockName`): what is forked from now on is known by it.
 * The function that it answers ends the run, and with it whatever is left of its processes, those of processes too.
 */
export function beginRun(lock: string): () => void {
  mark = begun = markOf(lock, `${process.pid}-${randomBytes(4).toString('hex')}`);
  return () => {
    endOwn();
    mark = begun = undefined;
  };
}

/** Kills what this process has forked and, where it began the run, what those have forked. */
function endOwn(): void {
  for (const child of forked) child.kill('SIGKILL');
  if (begun === undefined) return;
  const own = begun;
  for (const one of markedProcesses((found) => found === own)) killProcess(one);
}
