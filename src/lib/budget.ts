/** A bounded count of work on untrusted input. Spending past it answers false; it never throws. */
export class Budget {
  #left: number;

  constructor(limit: number) {
    this.#left = limit;
  }

  /** Takes `cost` units; false once the budget is exhausted (and from then on). */
  spend(cost = 1): boolean {
    this.#left -= cost;
    return this.#left >= 0;
  }

  get exhausted(): boolean {
    return this.#left < 0;
  }
}
