import { constants, setPriority } from 'node:os';

/** Lowers the priority of this process: where the machine is busy, decisions come first. */
export function yieldToDecisions(): void {
  try {
    setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // Not every system lets a process lower its own; what it does is right without.
    return;
  }
}
