import type { Writer } from '../../audit/acts.ts';
import type { RecordMode } from '../../audit/home.ts';
import type { Store } from '../../store/types.ts';
import { program } from '../program.ts';

/** Often enough that a state file which was replaced is noticed within 100 ms, whoever asks for nothing (ms). */
const lookMs = 50;

/**
 * How long a write waits for the lock once there are workers (ms). Bulk work of others has it for 50 ms at a time, and a
 * record may wait for two thirds of the budget.
 */
export const lockPatience = { first: 60, after: 20 };

/** Has the store look at its file also while nobody reads from it. Answers how to stop. */
export function watchStore(store: Store): () => void {
  const timer = setInterval(() => {
    try {
      store.epochs();
    } catch {
      // The store has told it itself.
      return;
    }
  }, lookMs);
  return () => clearInterval(timer);
}

/** Who writes records: this program, in the name of whichever state is in use. */
export function writerOf(store: Store, mode: RecordMode): Writer {
  return {
    program,
    mode,
    get instance() {
      return store.instance;
    },
  };
}
