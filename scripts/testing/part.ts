import { execute } from './execute.ts';

export interface Count {
  passed: number;
  failed: number;
  skipped: number;
}

export interface Run {
  /** Told whatever should be read of the part, by whole lines. */
  readonly say: (lines: string) => void;
  /** Takes only what others leave of the machine. */
  readonly yields: boolean;
}

/**
 * What a part asks of the machine while it runs.
 * - `alone`: tests that hold a server to the times of a machine of its own: nothing at all runs beside them.
 * - `timed`: tests that hold a server to times, memory or an honest caller's answers: only what yields runs beside them.
 * - `yields`: one core at most, and nothing that a wait of seconds would fail: takes what the former leave.
 * - `shares`: everything else; two of them run side by side.
 * - `waits`: as `shares`, but for much of its time waiting for others.
 */
export type Manner = 'alone' | 'timed' | 'yields' | 'shares' | 'waits';

export interface Part {
  /** What it is called by: several may have one name. */
  readonly name: string;
  readonly of?: string;
  readonly manner: Manner;
  /** Files of tests that it runs, where it runs any. */
  readonly files?: () => readonly string[];
  readonly run: (run: Run) => Promise<Count>;
}

export function noCount(): Count {
  return { passed: 0, failed: 0, skipped: 0 };
}

/** A command that is one check: passed when it exits 0; its output is shown when it does not. */
export function check(name: string, command: string, args: readonly string[], of?: string): Part {
  return {
    name,
    of,
    manner: 'yields',
    run: async ({ say, yields }) => {
      const { code, output } = await execute(command, args, { yields });
      if (code !== 0) say(output);
      return code === 0 ? { ...noCount(), passed: 1 } : { ...noCount(), failed: 1 };
    },
  };
}
