import { describeThrown, PortreeveError } from '../../lib/errors.ts';
import type { LogFiles } from '../tlog/log-files.ts';
import { consistencyIn, TreeNodes } from '../tlog/prove.ts';
import { verifyConsistency } from '../tlog/verify-proof.ts';
import type { TreeHead } from '../tlog/verify-proof.ts';
import type { ProblemFound } from './look.ts';

/** Whether trees that were seen earlier are the begin of the present one. */
export class Continuity {
  readonly #nodes: TreeNodes;
  readonly #current: TreeHead;

  constructor(files: LogFiles, current: TreeHead) {
    this.#nodes = new TreeNodes(files, current.size);
    this.#current = current;
  }

  /** What is wrong with a tree that `who` saw; undefined where the present one continues it. */
  async problemOf(seen: TreeHead, who: string): Promise<ProblemFound | undefined> {
    const { size } = this.#current;
    if (seen.size > size) {
      const message = `${who} saw ${seen.size} entries, and the log has ${size}: entries were removed from its end`;
      return { kind: 'contradicts', message };
    }
    try {
      const proof = await consistencyIn(this.#nodes, seen.size);
      if (verifyConsistency(seen, this.#current, proof)) return undefined;
      const message = `the first ${seen.size} entries are not those that ${who} saw: the history was rewritten`;
      return { kind: 'contradicts', message };
    } catch (thrown) {
      if (thrown instanceof PortreeveError && thrown.code === 'PDP_AUDIT_UNAVAILABLE') throw thrown;
      const message = `whether the log continues the ${seen.size} entries that ${who} saw cannot be told: ${describeThrown(thrown)}`;
      return { kind: 'unknown', message };
    }
  }
}
