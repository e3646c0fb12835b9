import type { EpochMs } from '../lib/clock.ts';
import { beginGeneration, stageRows } from '../store/generation.ts';
import type { Store } from '../store/types.ts';
import type { CrlEntry } from './crl-entries.ts';
import type { CrlKey, CrlRow } from './crl-table.ts';
import { entryKey } from './entry-key.ts';
import { weightOf } from './reasons.ts';

/** Entries of a CRL, staged and not yet visible, compared with those of the CRL in force. */
export interface StagedEntries {
  readonly generation: number;
  /** Different certificates on the list. */
  readonly entries: number;
  readonly added: number;
  readonly removed: number;
}

/** The entries of a CRL in the order of the list, from bytes in hand or from a stream. */
export interface EntryList {
  readonly issuer: { readonly key: string };
  entries(): Iterable<CrlEntry> | AsyncIterable<CrlEntry>;
}

/** Begins the generation of the next CRL of a key. */
export function beginEntries(
  store: Store,
  { issuerKey, scope, delta }: Omit<CrlKey, 'issuer'>,
  now: EpochMs,
): number {
  return beginGeneration(store, 'crl', now, [issuerKey, ...(delta ? ['delta'] : []), scope].join(' ').trim());
}

/**
 * Stages a CRL's entries in short transactions; `onBatch` is told how many went in so far. Throws what reading the
 * entries throws; the generation is then the caller's to retire.
 */
export async function stageEntries(
  store: Store,
  generation: number,
  list: Pick<EntryList, 'issuer'>,
  entries: AsyncIterable<CrlEntry>,
  current: Pick<CrlRow, 'generation' | 'entries'> | undefined,
  onBatch?: (entriesSoFar: number) => void,
): Promise<StagedEntries> {
  const { stage, staged } = stager(store, generation, list, current);
  await stageRows(store, generation, entries, stage, undefined, onBatch);
  return staged();
}

/** Most entries that are staged within one transaction: about 20 ms of it. */
const fewEntries = 2000;

/** A list that is being read. */
export interface OpenedEntries {
  /** All of a short list; undefined for a long one. */
  readonly few: readonly CrlEntry[] | undefined;
  /** All of whichever list, once. */
  readonly all: AsyncIterable<CrlEntry>;
  /** Ends the reading. */
  close(): Promise<void>;
}

/** Begins to read a list, far enough to know whether it is short. Throws what reading the entries throws. */
export async function openEntries(list: EntryList): Promise<OpenedEntries> {
  const reading = eachOf(list.entries());
  const first: CrlEntry[] = [];
  let isWhole = false;
  while (!isWhole && first.length <= fewEntries) {
    const next = await reading.next();
    if (next.done === true) isWhole = true;
    else first.push(next.value);
  }
  async function* all(): AsyncGenerator<CrlEntry, void> {
    yield* first;
    yield* reading;
  }
  return {
    few: isWhole ? first : undefined,
    all: all(),
    close: async () => void (await reading.return()),
  };
}

async function* eachOf(
  entries: Iterable<CrlEntry> | AsyncIterable<CrlEntry>,
): AsyncGenerator<CrlEntry, void> {
  yield* entries;
}

/** As `stageEntries`, of the entries of a short list, within the caller's transaction. */
export function stageShort(
  store: Store,
  generation: number,
  list: Pick<EntryList, 'issuer'>,
  entries: readonly CrlEntry[],
  current: Pick<CrlRow, 'generation' | 'entries'> | undefined,
): StagedEntries {
  const { stage, staged } = stager(store, generation, list, current);
  for (const entry of entries) stage(entry);
  return staged();
}

/** Stages entries one by one, and answers what became of them. */
function stager(
  store: Store,
  generation: number,
  list: Pick<EntryList, 'issuer'>,
  current: Pick<CrlRow, 'generation' | 'entries'> | undefined,
): { readonly stage: (entry: CrlEntry) => void; readonly staged: () => StagedEntries } {
  let entries = 0;
  let kept = 0;
  const insert = entryWriter(store, generation);
  const before = store.prepare('SELECT 1 FROM revoked WHERE generation = ? AND serial = ?');
  return {
    stage: (entry) => {
      for (const issuer of entry.issuers ?? [list.issuer.key]) {
        const key = entryKey(entry.serial, issuer === list.issuer.key ? undefined : issuer);
        if (!insert(key, entry)) continue;
        entries += 1;
        if (current && before.get(current.generation, key)) kept += 1;
      }
    },
    staged: () => ({ generation, entries, added: entries - kept, removed: (current?.entries ?? 0) - kept }),
  };
}

/** Writes one entry; false where the certificate was there already. */
function entryWriter(store: Store, generation: number): (key: Uint8Array, entry: CrlEntry) => boolean {
  const insert = store.prepare(
    'INSERT INTO revoked (generation, serial, revoked_at, reason) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const find = store.prepare<{ reason: number }>(
    'SELECT reason FROM revoked WHERE generation = ? AND serial = ?',
  );
  const outweigh = store.prepare(
    'UPDATE revoked SET revoked_at = ?, reason = ? WHERE generation = ? AND serial = ?',
  );
  return (key, { revokedAt, reason }) => {
    if (insert.run(generation, key, revokedAt, reason).changes === 1) return true;
    // A certificate that is listed twice counts once, by what weighs more.
    const held = find.get(generation, key)?.reason;
    if (held === undefined || weightOf(reason) > weightOf(held))
      outweigh.run(revokedAt, reason, generation, key);
    return false;
  };
}
