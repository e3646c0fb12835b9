import type { RuleId } from './rules.ts';

/** `error` and `warning` fail the check; a `note` says what could not be seen. */
export type Level = 'error' | 'warning' | 'note';

/** Something that was found in a policy. */
export interface CheckFinding {
  readonly rule: RuleId;
  readonly level: Level;
  /** Relative to the project's folder. */
  readonly file: string;
  /** Rows and columns begin at 1. */
  readonly row: number;
  readonly column: number;
  /** What is the case. */
  readonly message: string;
  /** What to do, or to use instead. */
  readonly advice: string;
}

/** What became of a check. */
export interface CheckResult {
  /** In the order of files and rows. */
  readonly findings: readonly CheckFinding[];
  /** Whether `opa` could compile the policy at all, with everything that it knows. */
  readonly compiles: boolean;
  /** Modules that were read, tests left out. */
  readonly modules: number;
}
