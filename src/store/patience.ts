import { isLockedOut } from './write-lock.ts';

/**
 * How long the transactions of a process wait for the write lock that must not stand still for long (ms): `first`, and
 * `after` from the one that has waited in vain until one has had the lock again.
 */
export interface PatienceLimits {
  readonly first: number;
  readonly after: number;
}

/** Waits while the lock is only shared, and hardly any more once somebody sits on it. */
export class Patience {
  #waitedInVain = false;

  /** Makes one attempt with the time that it may wait. What it throws is thrown on. */
  attempt<T>({ first, after }: PatienceLimits, begin: (timeoutMs: number) => T): T {
    try {
      const begun = begin(this.#waitedInVain ? after : first);
      this.#waitedInVain = false;
      return begun;
    } catch (thrown) {
      this.#waitedInVain = isLockedOut(thrown);
      throw thrown;
    }
  }
}
