/** Why a part of a request cannot be believed: which field, and what is wrong with it. A value, never thrown. */
export class Refusal {
  readonly field: string;
  readonly problem: string;

  constructor(field: string, problem: string) {
    this.field = field;
    this.problem = problem;
  }
}
