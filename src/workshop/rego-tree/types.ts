/** One rule of a module: a clause with its own head. */
export interface RegoRule {
  /** Package and name, `portreeve.gateway.reasons`. */
  readonly name: string;
  readonly file: string;
  /** Of the head; rows and columns begin at 1. */
  readonly row: number;
  readonly column: number;
  /** Last row of the rule. */
  readonly endRow: number;
  /** Codes of reasons that it gives. */
  readonly gives: readonly string[];
  /** Names of other rules of the policy that it may ask, as far as they are fixed. */
  readonly asks: readonly string[];
}

/** What is to be known of one Rego file. */
export interface RegoModule {
  readonly file: string;
  /** `portreeve.gateway`. */
  readonly package: string;
  readonly rules: readonly RegoRule[];
  /** References into `data`, their fixed parts joined by dots, without `data` itself; empty for all of it. */
  readonly refersTo: readonly string[];
}
