import { closeSync, openSync, statSync, writeSync } from 'node:fs';
import { parseCertificate } from '../../src/identity/parse.ts';
import { importCrl } from '../../src/revocation/import-crl.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/types.ts';
import { authority, crl, fleetTime, leaf } from './case-certificates.ts';
import { fleet } from './case-files.ts';
import type { Case } from './case-types.ts';
import { gathered } from './crl-stream.ts';
import { addDescribedHold } from './case-holds.ts';
import {
  addDescribedDelegations,
  addDescribedFirmware,
  addDescribedSights,
  addDescribedSources,
} from './case-catalogue.ts';
import { addDescribedAnswers } from './case-ocsp.ts';
import { addDescribedUses } from './case-uses.ts';
import { importRows } from './inventory.ts';
import type { Fields } from './inventory.ts';

/** When the inventory of every case was imported: a day before `fleetTime`. */
const inventoryTime = fleetTime - 24 * 3_600_000;

/** CRLs by digest. */
export type KeptCrls = Map<string, Uint8Array>;

/** Makes the store of a case's state by real imports, and closes it: whoever decides opens it anew. Answers its CRLs. */
export async function fillStore(
  path: string,
  { state = {}, fault }: Pick<Case, 'state' | 'fault'>,
): Promise<KeptCrls> {
  const kept: KeptCrls = new Map();
  const store = openStore({ path, mode: 'read_write', now: fleetTime });
  try {
    await importCrls(store, state, kept);
    await importFleet(store, state.devices ?? []);
    for (const hold of state.holds ?? []) await addDescribedHold(store, hold);
    await addDescribedUses(store, state.uses ?? []);
    await addDescribedAnswers(store, state.ocsp ?? []);
    addDescribedFirmware(store, state.firmware ?? [], inventoryTime);
    addDescribedDelegations(store, state.delegations ?? [], inventoryTime);
    await addDescribedSights(store, state.sights ?? []);
    addDescribedSources(store, state.sources ?? []);
    // A row that some other program spoilt: it can be read, and not understood.
    if (fault === 'device_row_damaged') store.prepare("UPDATE devices SET body = '{'").run();
    store.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get();
  } finally {
    store.close();
  }
  return kept;
}

const page = 4096;

/** Spoils every page but the first of a store's file, behind the back of whoever has it open. */
export function damageStore(path: string): void {
  const file = openSync(path, 'r+');
  const rubbish = Buffer.alloc(page, 0xff);
  for (let at = page; at < statSync(path).size; at += page) writeSync(file, rubbish, 0, page, at);
  closeSync(file);
}

async function importCrls(
  store: Store,
  { crls = {}, further_crls: further = [] }: NonNullable<Case['state']>,
  kept: KeptCrls,
): Promise<void> {
  const lists = [
    ...Object.entries({ ...fleet.crls, ...crls }),
    ...further.map(({ issuer, ...words }) => [issuer, words] as const),
  ];
  for (const [issuer, words] of lists) {
    if (words === null) continue;
    await importCrl(store, {
      bytes: await crl(issuer, words),
      issuers: [parseCertificate((await authority(issuer)).der)],
      source: `crl/${issuer}.crl`,
      now: fleetTime,
      actor: 'operator',
      why: 'the state of a case',
      keep: async (digest, der) => void kept.set(digest, await gathered(der())),
    });
  }
}

async function importFleet(store: Store, changes: readonly Fields[]): Promise<void> {
  const tenantOf = (row: Fields) => (row['tenant'] as string | undefined) ?? 'default';
  const keyOf = (row: Fields) => `${tenantOf(row)} ${row['device_id'] as string}`;
  const rows = new Map([...fleet.devices, ...changes].map((row) => [keyOf(row), row]));
  for (const [tenant, group] of Map.groupBy(rows.values(), tenantOf)) {
    const resolved = await Promise.all(group.map(withFingerprints));
    await importRows(store, resolved, { tenant, now: inventoryTime });
  }
}

/** `$name` in `certificates` and `keys` stands for the digest of a certificate of the fleet or of its key. */
async function withFingerprints(row: Fields): Promise<Fields> {
  const digests = async (
    key: 'certificates' | 'keys' | 'attestation_keys',
    of: 'fingerprint' | 'keyDigest',
  ) => {
    const listed = row[key];
    if (!Array.isArray(listed)) return {};
    const items = listed as readonly (string | Fields)[];
    return { [key]: await Promise.all(items.map(async (item) => withDigest(item, of))) };
  };
  return {
    ...Object.fromEntries(Object.entries(row).filter(([key]) => key !== 'tenant')),
    ...(await digests('certificates', 'fingerprint')),
    ...(await digests('keys', 'keyDigest')),
    ...(await digests('attestation_keys', 'keyDigest')),
  };
}

async function withDigest(item: string | Fields, of: 'fingerprint' | 'keyDigest'): Promise<string | Fields> {
  if (typeof item === 'string') return digestOf(item, of);
  return { ...item, sha256: await digestOf(item['sha256'] as string, of) };
}

async function digestOf(name: string, of: 'fingerprint' | 'keyDigest'): Promise<string> {
  return name.startsWith('$') ? (await leaf(name.slice(1)))[of] : name;
}
