import { createHash } from 'node:crypto';

/** A node of the tree: SHA-256, 32 bytes. */
export type Hash = Uint8Array;

export const hashBytes = 32;

const leafPrefix = Uint8Array.of(0);
const nodePrefix = Uint8Array.of(1);

/** The hash of an entry, RFC 6962 section 2.1. */
export function leafHash(entry: Uint8Array): Hash {
  return createHash('sha256').update(leafPrefix).update(entry).digest();
}

/** The hash of a node over its two children, RFC 6962 section 2.1. */
export function nodeHash(left: Hash, right: Hash): Hash {
  return createHash('sha256').update(nodePrefix).update(left).update(right).digest();
}

/** The root of a tree without entries: the hash of nothing. */
export function emptyRoot(): Hash {
  return createHash('sha256').digest();
}
