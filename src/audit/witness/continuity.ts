import { toHex } from '../../lib/bytes.ts';
import { describeThrown, PortreeveError } from '../../lib/errors.ts';
import type { LogFiles } from '../tlog/log-files.ts';
import { proveConsistency } from '../tlog/prove.ts';
import { verifyConsistency } from '../tlog/verify-proof.ts';
import type { TreeHead } from '../tlog/verify-proof.ts';
import type { ProblemFound } from './look.ts';

/** Tiles that are held: trees that are looked at one after another share nearly all. */
const mostHeld = 512;

/** Whether trees that were seen earlier are the begin of the present one; each is worked out once. */
export class Continuity {
  readonly #files: LogFiles;
  readonly #current: TreeHead;
  readonly #known = new Map<string, Promise<ProblemFound | undefined>>();

  constructor(files: LogFiles, current: TreeHead) {
    this.#files = holding(files);
    this.#current = current;
  }

  /** What is wrong with a tree that `who` saw; undefined where the present one continues it. */
  problemOf(seen: TreeHead, who: string): Promise<ProblemFound | undefined> {
    const key = `${seen.size} ${toHex(seen.root)} ${who}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const found = this.#compare(seen, who);
    this.#known.set(key, found);
    return found;
  }

  async #compare(seen: TreeHead, who: string): Promise<ProblemFound | undefined> {
    const { size } = this.#current;
    if (seen.size > size) {
      const message = `${who} saw ${seen.size} entries, and the log has ${size}: entries were removed from its end`;
      return { kind: 'contradicts', message };
    }
    try {
      const proof = await proveConsistency(this.#files, seen.size, size);
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

/** The same files, the last ones that were read held in memory. */
function holding(files: LogFiles): LogFiles {
  const held = new Map<string, Promise<Uint8Array | undefined>>();
  return {
    read: (path) => {
      const known = held.get(path);
      if (known !== undefined) return known;
      const read = files.read(path);
      if (held.size >= mostHeld) held.delete(held.keys().next().value as string);
      held.set(path, read);
      return read;
    },
  };
}
