import { equalBytes } from '../../lib/bytes.ts';
import { emptyRoot, nodeHash } from './hash.ts';
import type { Hash } from './hash.ts';

/**
 * Whether the entry with this leaf hash stands at `index` in the tree of `size` entries with this root (RFC 9162
 * section 2.1.3.2). A proof that is too long or too short is none.
 */
export function verifyInclusion(
  { index, size, leaf, root }: { index: number; size: number; leaf: Hash; root: Hash },
  proof: readonly Hash[],
): boolean {
  if (!isCount(index) || !isCount(size) || index >= size) return false;
  let [node, last, hash] = [index, size - 1, leaf];
  for (const sibling of proof) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sibling, hash);
      while (node % 2 === 0 && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      hash = nodeHash(hash, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && equalBytes(hash, root);
}

/** A tree at one time. */
export interface TreeHead {
  readonly size: number;
  readonly root: Hash;
}

/**
 * Whether the later tree begins with all entries of the earlier one, in the same order (RFC 9162 section 2.1.4.2).
 * Every tree begins with the empty one; the same size needs the same root and no proof.
 */
export function verifyConsistency(earlier: TreeHead, later: TreeHead, proof: readonly Hash[]): boolean {
  if (!isCount(earlier.size) || !isCount(later.size) || earlier.size > later.size) return false;
  if (earlier.size === 0) return proof.length === 0 && equalBytes(earlier.root, emptyRoot());
  if (earlier.size === later.size) return proof.length === 0 && equalBytes(earlier.root, later.root);
  const path = isPowerOfTwo(earlier.size) ? [earlier.root, ...proof] : proof;
  const [first, ...rest] = path;
  if (first === undefined || proof.length === 0) return false;
  let [node, last] = [earlier.size - 1, later.size - 1];
  while (node % 2 === 1) [node, last] = [half(node), half(last)];
  let [old, fresh] = [first, first];
  for (const hash of rest) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      old = nodeHash(hash, old);
      fresh = nodeHash(hash, fresh);
      while (node % 2 === 0 && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      fresh = nodeHash(fresh, hash);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && equalBytes(old, earlier.root) && equalBytes(fresh, later.root);
}

/** Sizes are whole numbers that a double holds exactly; bit operations would cut them to 32 bits. */
function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function half(value: number): number {
  return Math.floor(value / 2);
}

function isPowerOfTwo(value: number): boolean {
  let rest = value;
  while (rest % 2 === 0 && rest > 0) rest /= 2;
  return rest === 1;
}
