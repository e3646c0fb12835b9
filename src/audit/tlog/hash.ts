import { hash } from 'node:crypto';

/** A node of the tree: SHA-256, 32 bytes. */
export type Hash = Uint8Array;

export const hashBytes = 32;

/** What a node is hashed from: its prefix and both children. Its own memory, so that hashing takes none. */
const nodeBytes = Buffer.from(new ArrayBuffer(1 + 2 * hashBytes));
nodeBytes[0] = 1;

/** The hash of an entry, RFC 6962 section 2.1. */
export function leafHash(entry: Uint8Array): Hash {
  const prefixed = Buffer.allocUnsafe(1 + entry.byteLength);
  prefixed[0] = 0;
  prefixed.set(entry, 1);
  return hash('sha256', prefixed, 'buffer');
}

/** The hash of a node over its two children, RFC 6962 section 2.1. */
export function nodeHash(left: Hash, right: Hash): Hash {
  nodeBytes.set(left, 1);
  nodeBytes.set(right, 1 + hashBytes);
  return hash('sha256', nodeBytes, 'buffer');
}

/** The root of a tree without entries: the hash of nothing. */
export function emptyRoot(): Hash {
  return hash('sha256', '', 'buffer');
}

/**
 * Writes the hash of an entry to its place in a row of hashes. The first byte of `prefixed` stands before the entry and
 * becomes the prefix. As `leafHash`, but leaves nothing to be collected.
 */
export function leafHashInto(row: Buffer, place: number, prefixed: Buffer): void {
  prefixed[0] = 0;
  row.write(hash('sha256', prefixed, 'latin1'), place * hashBytes, 'latin1');
}

/** Replaces a row of `2 * pairs` hashes by the `pairs` nodes above them, in the row's first half. */
export function nodesInto(row: Buffer, pairs: number): void {
  for (let pair = 0; pair < pairs; pair += 1) {
    row.copy(nodeBytes, 1, pair * 2 * hashBytes, (pair + 1) * 2 * hashBytes);
    row.write(hash('sha256', nodeBytes, 'latin1'), pair * hashBytes, 'latin1');
  }
}
