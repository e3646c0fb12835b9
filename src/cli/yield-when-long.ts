import { yieldToDecisions } from '../server/helpers/yield-to-decisions.ts';

/** Rows or entries from which on an import is a long one: before, whoever waits for the command comes first. */
const longRows = 100_000;

/**
 * Makes what is to be told how far an import is: once it is a long one, the command lowers its own priority, since a server
 * on the same machine decides meanwhile. `lower` is for tests.
 */
export function yieldWhenLong(lower: () => void = yieldToDecisions): (rows: number) => void {
  let yielded = false;
  return (rows) => {
    if (yielded || rows < longRows) return;
    yielded = true;
    lower();
  };
}
