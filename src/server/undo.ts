/** What is to be closed again, in the opposite order of its opening; each thing once, whatever the others do. */
export class Undo {
  readonly #steps: (() => unknown)[] = [];

  add(step: () => unknown): void {
    this.#steps.push(step);
  }

  /** Runs what is left. A step that fails does not keep the others from running. */
  async all(): Promise<void> {
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      try {
        await step();
      } catch {
        // Ending goes on: whatever this step held ends with the process.
      }
    }
  }
}
