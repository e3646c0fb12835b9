import type { CrlEntry } from '../crl-entries.ts';

/** Entries that are held and put in order at a time; some 8 MB. */
const held = 32_768;
/** Characters of issuers' names that are held with them: every entry of an indirect CRL may bring long ones. */
const heldNames = 4 * 1024 * 1024;

/**
 * The entries of batches, roughly in the order of their serial numbers within every so many: rows that go into the same
 * pages of the store are written together, where random serial numbers would touch a page for each. Two entries of one
 * serial number keep their order, which may decide between them.
 */
export async function* inOrder(batches: AsyncIterable<readonly CrlEntry[]>): AsyncGenerator<CrlEntry, void> {
  let hand: CrlEntry[] = [];
  let names = 0;
  let issuers: CrlEntry['issuers'];
  for await (const entries of batches) {
    for (const entry of entries) {
      hand.push(entry);
      if (entry.issuers !== issuers) {
        issuers = entry.issuers;
        names += lengthOf(issuers ?? []);
      }
      if (hand.length < held && names < heldNames) continue;
      yield* ordered(hand);
      hand = [];
      names = 0;
    }
  }
  yield* ordered(hand);
}

function lengthOf(names: readonly string[]): number {
  return names.reduce((sum, { length }) => sum + length, 0);
}

/** By the first 32 bits, then by place: both in one number, so that no comparison is called a million times. */
function* ordered(entries: readonly CrlEntry[]): Generator<CrlEntry, void> {
  const order = Float64Array.from(entries, ({ serial }, place) => front(serial) * held + place).sort();
  for (const one of order) yield entries[one % held] as CrlEntry;
}

/** The first four octets of a serial number as the store compares them. */
function front(serial: string): number {
  return Number.parseInt(serial.slice(0, 8).padEnd(8, '0'), 16);
}
