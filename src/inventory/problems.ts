import { PortreeveError } from '../lib/errors.ts';

/** One thing that is wrong with an import file. Lines count from 1; 0 is the file as a whole. */
export interface ImportProblem {
  readonly line: number;
  readonly message: string;
}

/** Problems beyond this many are counted, not kept. */
export const mostProblems = 1000;

/** Collects what is wrong with an import, so that all of it is told at once, in bounded memory. */
export class ProblemList {
  readonly #problems: ImportProblem[] = [];
  #more = 0;

  add(line: number, message: string): void {
    if (this.#problems.length < mostProblems) this.#problems.push({ line, message });
    else this.#more += 1;
  }

  get any(): boolean {
    return this.#problems.length > 0;
  }

  /** The error that tells them all, in the order of the lines. */
  toError(): InventoryInvalid {
    return new InventoryInvalid(
      this.#problems.toSorted((a, b) => a.line - b.line),
      this.#more,
    );
  }
}

/** PDP_INVENTORY_INVALID: an import was refused as a whole and nothing of it became visible. */
export class InventoryInvalid extends PortreeveError {
  readonly problems: readonly ImportProblem[];
  /** How many more problems there were than `problems` holds. */
  readonly more: number;

  constructor(problems: readonly ImportProblem[], more: number) {
    const [first] = problems;
    const total = problems.length + more;
    const where = first === undefined ? '' : `, first on line ${first.line}: ${first.message}`;
    const rest = more === 0 ? '' : `; ${problems.length} are listed, and ${more} more`;
    super(
      'PDP_INVENTORY_INVALID',
      `the inventory has ${total} problem${total === 1 ? '' : 's'}${where}${rest}; nothing was imported: mend the file and import it again`,
    );
    this.problems = problems;
    this.more = more;
  }
}
