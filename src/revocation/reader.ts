import { createEpochMemory } from '../store/epoch-memory.ts';
import type { Statement, Store } from '../store/types.ts';
import { crlColumns, crlInfo, type CrlRow } from './crl-table.ts';
import { entryKey } from './entry-key.ts';
import { reasonName } from './reasons.ts';
import type { CrlInfo, RevocationLookup, RevocationReader } from './types.ts';

interface LookupRow extends CrlRow {
  revoked_at: number | null;
  reason: number | null;
}

/** Look-ups that are remembered until the state changes. */
const rememberedLookups = 20_000;

/** Reads revocation state from the store, once under the same epochs. Throws PDP_STORE_UNAVAILABLE where the store cannot be read. */
export function createRevocationReader(store: Store): RevocationReader {
  // A CRL and its entries are found by one statement: both are of the same generation whatever is imported meanwhile.
  const find: Statement<LookupRow> = store.prepare(
    `SELECT ${crlColumns}, r.revoked_at, r.reason FROM crls c
       LEFT JOIN revoked r ON r.generation = c.generation AND r.serial = ?
     WHERE c.issuer_key = ? AND c.scope = '' AND c.delta = 0`,
  );
  const list: Statement<CrlRow> = store.prepare(
    `SELECT ${crlColumns} FROM crls c ORDER BY c.issuer_name, c.issuer_key`,
  );
  const memory = createEpochMemory<RevocationLookup>(store, rememberedLookups);
  return {
    lookup: (issuerKey: string, serial: string): RevocationLookup =>
      memory.read(`${issuerKey}:${serial}`, () => toLookup(find.get(entryKey(serial), issuerKey), serial)),
    crls: (): readonly CrlInfo[] => list.all().map(crlInfo),
  };
}

function toLookup(row: LookupRow | undefined, serial: string): RevocationLookup {
  if (row === undefined) return {};
  const crl = crlInfo(row);
  if (row.revoked_at === null || row.reason === null) return { crl };
  return {
    crl,
    entry: { serial, revokedAt: row.revoked_at, reason: reasonName(row.reason) ?? 'unspecified' },
  };
}
