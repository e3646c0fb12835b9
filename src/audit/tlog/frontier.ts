import { emptyRoot, nodeHash } from './hash.ts';
import type { Hash } from './hash.ts';

/** A whole subtree of `2 ** height` entries. */
interface Peak {
  readonly height: number;
  readonly hash: Hash;
}

/**
 * The right edge of a growing tree: the roots of its largest whole subtrees from left to right, one for each bit of
 * its size. All that is needed to append and to say the root.
 */
export class Frontier {
  #peaks: Peak[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Appends one entry by its leaf hash. */
  append(leaf: Hash): void {
    this.#push({ height: 0, hash: leaf });
    this.#size += 1;
  }

  /** Appends a whole subtree of `2 ** height` entries; the size must be a multiple of that. Throws RangeError. */
  appendSubtree(hash: Hash, height: number): void {
    if (this.#size % 2 ** height !== 0) {
      throw new RangeError(`a subtree of ${2 ** height} entries does not fit behind ${this.#size}`);
    }
    this.#push({ height, hash });
    this.#size += 2 ** height;
  }

  /** The root hash, RFC 6962 section 2.1. */
  root(): Hash {
    const last = this.#peaks.at(-1);
    if (last === undefined) return emptyRoot();
    return this.#peaks.slice(0, -1).reduceRight((right, peak) => nodeHash(peak.hash, right), last.hash);
  }

  #push(peak: Peak): void {
    let added = peak;
    for (let left = this.#peaks.at(-1); left?.height === added.height; left = this.#peaks.at(-1)) {
      this.#peaks.pop();
      added = { height: added.height + 1, hash: nodeHash(left.hash, added.hash) };
    }
    this.#peaks.push(added);
  }
}

/** The root of the tree over these leaf hashes. */
export function rootOf(leaves: Iterable<Hash>): Hash {
  const frontier = new Frontier();
  for (const leaf of leaves) frontier.append(leaf);
  return frontier.root();
}
