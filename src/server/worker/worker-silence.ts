import { readFileSync } from 'node:fs';

/** A worker that has run for so long without a sign of life hangs (ms). */
const hungAfterMs = 1000;
/** Silence after which it is noted how much a worker has run, so that what it runs from there on can be told (ms). */
const notedAfterMs = 300;
/** Of the silence that is left, a worker that hangs runs at least so much; one that only waits for a processor does not (ms). */
const ranAtLeastMs = 400;
/** A silence after which it does not matter any more why (ms). */
const hungAnywayAfterMs = 5000;
/** One that starts hangs when it has run for so long without a sign of life (ms); a tenth of that is usual. */
const startsWithinMs = 20_000;
/** The silence of one that starts after which it does not matter any more why (ms). */
const startsAnywayWithinMs = 60_000;

/**
 * Judges by its silence whether a worker hangs. On a machine with more to do than it has processors, a worker may be silent
 * because it is not its turn: killing that one would only add to the load. So silence counts from a second on where the worker
 * was running meanwhile or is stopped (SIGSTOP), and from five seconds on whatever it did. Times are monotonic (ms).
 */
export class WorkerSilence {
  readonly #ranMs: (pid: number) => number | undefined;
  readonly #isStopped: (pid: number) => boolean;
  #heardAt = 0;
  /** What it had run when its silence was first noted; undefined where that cannot be known. */
  #noted: { readonly ranMs: number | undefined } | undefined;
  /** Since when it is stopped, as far as was looked; undefined while it is not. */
  #stoppedSince: number | undefined;

  /**
   * `ranMs` tells how long a process has run (ms), undefined where the system does not tell; `isStopped` whether it was
   * stopped by a signal, and so would not run however long its turn was waited for.
   */
  constructor(
    ranMs: (pid: number) => number | undefined = ranSoFar,
    isStopped: (pid: number) => boolean = stoppedNow,
  ) {
    this.#ranMs = ranMs;
    this.#isStopped = isStopped;
  }

  heard(now: number): void {
    this.#heardAt = now;
    this.#noted = undefined;
    this.#stoppedSince = undefined;
  }

  /** Whether the process has given no sign of life for so long. */
  lasts(now: number, ms: number): boolean {
    return now - this.#heardAt > ms;
  }

  /**
   * Whether one that does not decide yet hangs: it has been stopped for a second, or silent for so long that it does not
   * matter why; and where it has taken the place of `another`, for which calls wait, whether it has run without a sign
   * for much longer than its program takes to be read. Waiting for a processor counts for nothing: on a busy machine
   * that may be most of a start, and a kill would only make it busier.
   */
  hangsAtStart(now: number, pid: number, another: boolean): boolean {
    this.#noted ??= { ranMs: this.#ranMs(pid) };
    if (!this.#isStopped(pid)) this.#stoppedSince = undefined;
    else this.#stoppedSince ??= now;
    if (this.#stoppedSince !== undefined && now - this.#stoppedSince > hungAfterMs) return true;
    if (this.lasts(now, startsAnywayWithinMs)) return true;
    const ran = this.#ranMs(pid);
    return another && ran !== undefined && ran - (this.#noted.ranMs ?? 0) >= startsWithinMs;
  }

  hangs(now: number, pid: number): boolean {
    if (!this.lasts(now, notedAfterMs)) return false;
    this.#noted ??= { ranMs: this.#ranMs(pid) };
    if (!this.lasts(now, hungAfterMs)) return false;
    if (this.lasts(now, hungAnywayAfterMs)) return true;
    if (this.#isStopped(pid)) return true;
    const before = this.#noted.ranMs;
    const ran = this.#ranMs(pid);
    return before === undefined || ran === undefined || ran - before >= ranAtLeastMs;
  }
}

/** How long the first thread of a process has run, as Linux tells (ms); undefined elsewhere and for one that is gone. */
function ranSoFar(pid: number): number | undefined {
  try {
    const [nanoseconds] = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'latin1').split(' ');
    const ran = Number(nanoseconds) / 1e6;
    return Number.isFinite(ran) && ran > 0 ? ran : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a process is stopped by a signal, as Linux tells; one that a debugger holds is not. */
function stoppedNow(pid: number): boolean {
  try {
    // The state follows the name, which is in brackets and may hold any character (proc_pid_stat(5)).
    return /\) T [^)]*$/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}
