import type { EpochMs } from '../../lib/clock.ts';
import type { RegoValue } from './value.ts';

/**
 * Which built-in functions the host gives to a policy: none (default; the policy means the same here as in OPA, and is a
 * function of its input alone), or those that policies written for OPA's Envoy plugin use and WASM lacks.
 */
export type BuiltinMode = 'none' | 'compat';

/** What a decision has of its own: from it alone come time and whatever is random, so that replay gives the same. */
export interface PolicyMoment {
  /** The decision's time. */
  readonly now: EpochMs;
  readonly decisionId: string;
}

/**
 * A built-in function. Undefined is what OPA makes of an error in one (its non-strict mode): the expression is
 * undefined, and nothing else happens. A `BuiltinLimitError` ends the evaluation.
 */
export type Builtin = (args: readonly RegoValue[], moment: PolicyMoment) => RegoValue | undefined;

export type BuiltinTable = Readonly<Record<string, Builtin>>;
