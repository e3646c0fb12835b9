import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { createRoot, issueCa, issueCrl } from '../../src/ca/index.ts';
import type { Authority, CrlOptions } from '../../src/ca/index.ts';
import { bitString, sequence } from '../../src/ca/der.ts';
import { hashFor, signBytes } from '../../src/ca/keys.ts';
import { parseCertificate } from '../../src/identity/parse.ts';
import { DerReader } from '../../src/lib/der/reader.ts';
import { tags } from '../../src/lib/der/tags.ts';
import { importCrl, type CrlImport } from '../../src/revocation/import-crl.ts';
import { createRevocationReader } from '../../src/revocation/reader.ts';
import { reasonName } from '../../src/revocation/reasons.ts';
import type { CrlInfo, RevocationReader } from '../../src/revocation/types.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/types.ts';

export const now = Date.UTC(2026, 5, 1, 12);
export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;
export const life = { notBefore: now - 30 * day, notAfter: now + 365 * day };

/** A store in a folder of its own, gone after the test. */
export function temporaryStore(t: ExecutionContext): Store {
  const store = openStore({ path: join(temporaryFolder(t), 'state.db'), mode: 'read_write', now });
  t.teardown(() => store.close());
  return store;
}

export function temporaryFolder(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-revocation-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** A root and an issuing CA under it. */
export async function fleet(): Promise<{ root: Authority; ca: Authority }> {
  const root = await createRoot({ subject: 'CN=Fleet Root,O=Example', ...life });
  return { root, ca: await issueCa(root, { subject: 'CN=Issuing,O=Example', ...life }) };
}

/** A CRL of `issuer` in force at `now`, unless told otherwise. */
export async function crlOf(issuer: Authority, o: Partial<CrlOptions> = {}): Promise<Uint8Array> {
  const times = { thisUpdate: now - hour, nextUpdate: now + hour };
  return (await issueCrl(issuer, { number: 1, revoked: [], ...times, ...o })).der;
}

/** Imports as an operator would, with `issuers` as the configured CAs. */
export function importInto(
  store: Store,
  issuers: readonly Authority[],
  bytes: Uint8Array,
  at = now,
): Promise<CrlImport> {
  return importCrl(store, {
    bytes,
    issuers: issuers.map((one) => parseCertificate(one.der)),
    source: 'test.crl',
    now: at,
    actor: 'operator',
    why: 'test',
  });
}

/** The CRL with other elements in its tbsCertList; the signature is that of the old ones. */
export function withTbs(crl: Uint8Array, change: (elements: Uint8Array[]) => Uint8Array[]): Uint8Array {
  const list = new DerReader(crl).enter(tags.sequence);
  const tbs = list.enter(tags.sequence);
  const [algorithm, signature] = [list.next().whole, list.next().whole];
  const elements: Uint8Array[] = [];
  while (!tbs.done) elements.push(tbs.next().whole);
  return sequence(sequence(...change(elements)), algorithm, signature);
}

/** The CRL as version 1: neither a version nor extensions, signed anew by its issuer. */
export function asVersion1(crl: Uint8Array, issuer: Authority): Uint8Array {
  const changed = withTbs(crl, ([, ...rest]) => rest.slice(0, -1));
  const list = new DerReader(changed).enter(tags.sequence);
  const [tbs, algorithm] = [list.next().whole, list.next().whole];
  const signature = signBytes(issuer.keys, hashFor(issuer.keys, undefined), tbs);
  return sequence(tbs, algorithm, bitString(signature));
}

/** What a store holds about a serial number under its issuer's own complete CRL. */
export function held(
  of: Store | RevocationReader,
  issuer: Authority,
  serial: string,
): {
  readonly crl?: CrlInfo;
  readonly entry?: {
    readonly serial: string;
    readonly revokedAt: number;
    readonly reason: string | undefined;
  };
} {
  const reader = 'lookup' in of ? of : createRevocationReader(of);
  const asked = {
    fingerprint: `certificate ${serial}`,
    serial,
    keyDigest: '',
    issuer: parseCertificate(issuer.der).subject,
    points: [],
  };
  const [crl] = reader.lookup(asked, issuer.keyDigest).candidates.map((one) => one.crl);
  if (!crl) return {};
  const { entry } = crl;
  return { crl: crl.info, ...(entry && { entry: { ...entry, reason: reasonName(entry.reason) } }) };
}
