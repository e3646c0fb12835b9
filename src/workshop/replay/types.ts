import type { Difference } from '../../decision/differences.ts';
import type { PolicyEngine } from '../../policy/types.ts';

/** A policy with what it reads of its input. */
export interface ReplayPolicy {
  readonly engine: PolicyEngine;
  readonly inputKeys: readonly string[] | undefined;
}

/** A record that did not come out as it was recorded, or could not be replayed. */
export interface ReplayFinding {
  readonly file: string;
  readonly line: number;
  readonly decision_id: string;
  readonly device_id: string | null;
  readonly bundle: string | null;
  readonly depth: 'whole' | 'policy';
  readonly differences: readonly Difference[];
}

/** What replaying records came to. */
export interface ReplayReport {
  readonly records: number;
  readonly same_whole: number;
  readonly same_policy: number;
  /** Of those that are the same: how many hide something that is not revealed. */
  readonly as_far_as_revealed: number;
  readonly not_asked: number;
  readonly different: number;
  readonly not_replayable: number;
  /** What is not there any more, and for how many records; the most frequent first. */
  readonly missing: readonly { readonly what: string; readonly records: number }[];
  /** The first of them, in the order of the files. */
  readonly findings: readonly ReplayFinding[];
}
