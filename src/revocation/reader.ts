import type { Certificate } from '../identity/types.ts';
import { createEpochMemory } from '../store/epoch-memory.ts';
import type { Store } from '../store/types.ts';
import type { CrlEntry } from './crl-entries.ts';
import type { RevocableCertificate } from './crl-scope.ts';
import { crlColumns, crlInfo, type CrlRow } from './crl-table.ts';
import { entryKey } from './entry-key.ts';
import { crlDirectory, lookUp, type CrlDirectory, type ExpectedPoints } from './look-up.ts';
import { storedCrl, type StoredRow } from './stored-crl.ts';
import type { CrlInfo, RevocationLookup, RevocationReader } from './types.ts';

/** What a reader knows beside the store. */
export interface ReaderOptions {
  /** Certificates that may have signed CRLs: anchors and configured intermediates. */
  readonly issuers?: readonly Certificate[];
  readonly expected?: ExpectedPoints;
}

interface EntryRow {
  generation: number;
  revoked_at: number;
  reason: number;
}

/** Look-ups that are remembered until the state changes. */
const rememberedLookups = 10_000;

/**
 * Reads revocation state from the store: which CRLs are in force once under the same epochs, and what they list of a
 * certificate by one statement, once under the same epochs. Throws PDP_STORE_UNAVAILABLE where the store cannot be read.
 */
export function createRevocationReader(store: Store, o: ReaderOptions = {}): RevocationReader {
  const { issuers = [], expected } = o;
  const list = store.prepare<CrlRow>(
    `SELECT ${crlColumns} FROM crls c ORDER BY c.issuer_key, c.scope, c.delta, c.issuer`,
  );
  const byPeople = store.prepare<CrlRow>(
    `SELECT ${crlColumns} FROM crls c ORDER BY c.issuer_name, c.issuer_key, c.scope, c.delta`,
  );
  const directories = createEpochMemory<CrlDirectory<StoredRow>>(store, 1);
  const directoryOf = directoryMaker();
  const memory = createEpochMemory<RevocationLookup>(store, rememberedLookups, 'revocations');
  const findEntries = entryFinder(store);
  return {
    lookup: (certificate, issuerKey) =>
      memory.read(issuerKey, certificate.fingerprint, () => {
        const directory = directories.read('', '', () => directoryOf(list.all()));
        return lookUp(certificate, issuerKey, directory, expected?.get(issuerKey) ?? [], findEntries);
      }),
    issuers,
    crls: (): readonly CrlInfo[] => byPeople.all().map(crlInfo),
  };
}

/** Makes directories of rows; what came of a row before is taken for the same row again. */
function directoryMaker(): (rows: readonly CrlRow[]) => CrlDirectory<StoredRow> {
  let known = new Map<string, StoredRow>();
  return (rows) => {
    const next = new Map<string, StoredRow>();
    for (const row of rows) {
      const key = [row.generation, row.digest, row.issuer, row.imported_at, row.source].join(' ');
      next.set(key, known.get(key) ?? storedCrl(row));
    }
    known = next;
    return crlDirectory([...next.values()]);
  };
}

/** Finds the entries of several generations by one statement. */
function entryFinder(store: Store) {
  const one = store.prepare<EntryRow>(
    'SELECT generation, revoked_at, reason FROM revoked WHERE generation = ? AND serial = ?',
  );
  const some = store.prepare<EntryRow>(
    `SELECT r.generation, r.revoked_at, r.reason
       FROM json_each(?) j CROSS JOIN revoked r ON r.generation = j.value AND r.serial = ?
     UNION ALL
     SELECT r.generation, r.revoked_at, r.reason
       FROM json_each(?) j CROSS JOIN revoked r ON r.generation = j.value AND r.serial = ?`,
  );
  return (crls: readonly StoredRow[], certificate: RevocableCertificate): (CrlEntry | undefined)[] => {
    const { serial, issuer } = certificate;
    const toEntry = (row: EntryRow | undefined): CrlEntry | undefined =>
      row && { serial, revokedAt: row.revoked_at, reason: row.reason };
    const [only] = crls;
    if (only && crls.length === 1 && only.issuer.key === issuer.key)
      return [toEntry(one.get(only.generation, entryKey(serial)))];
    const isOwn = (crl: StoredRow): boolean => crl.issuer.key === issuer.key;
    const others = crls.filter((crl) => !isOwn(crl) && crl.scope?.indirect);
    const own = crls.filter(isOwn);
    const keys = [entryKey(serial), entryKey(serial, issuer.key)] as const;
    const rows = some.all(generations(own), keys[0], generations(others), keys[1]);
    const found = new Map(rows.map((row) => [row.generation, row]));
    return crls.map(({ generation }) => toEntry(found.get(generation)));
  };
}

function generations(crls: readonly StoredRow[]): string {
  return JSON.stringify(crls.map(({ generation }) => generation));
}
