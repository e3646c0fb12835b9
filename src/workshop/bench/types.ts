/** One input that the policy is timed with. */
export interface BenchInput {
  /** Names the case, the same in every run. */
  readonly id: string;
  readonly input: unknown;
  readonly classes: unknown;
}

/** Microseconds of one case in WASM, as it ships. */
export interface CaseTime {
  readonly id: string;
  readonly median_us: number;
  /** The 95th of a hundred. */
  readonly p95_us: number;
  readonly runs: number;
}

/** Time of one rule over all cases, as opa's interpreter has it: the share counts, not the time. */
export interface RuleTime {
  /** `portreeve.gateway.reasons`. */
  readonly rule: string;
  /** File and first line. */
  readonly place: string;
  readonly evaluations: number;
  readonly time_us: number;
  /** Of all rules, 0 to 1. */
  readonly share: number;
}

/** A measurement; what `--save` writes and `--baseline` reads. */
export interface BenchReport {
  readonly format: 1;
  readonly bundle: string;
  readonly revision: string;
  readonly cases: readonly CaseTime[];
  /** Of the medians of all cases. */
  readonly median_us: number;
  /** Interpreted by `opa eval --profile`, not WASM; null where it was not asked for. */
  readonly rules: readonly RuleTime[] | null;
}

/** A number before and after. */
export interface Change {
  readonly name: string;
  readonly before_us: number | null;
  readonly after_us: number | null;
  /** After by before; null where one is missing. */
  readonly ratio: number | null;
}
