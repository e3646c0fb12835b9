import { describeThrown } from '../lib/errors.ts';
import type { CrlEntry } from './crl-entries.ts';
import type { RevocableCertificate } from './crl-scope.ts';
import type { ParsedCrl } from './parse-crl.ts';
import { weightOf } from './reasons.ts';

/** The entries of a CRL by certificate issuer and serial number; or why the whole CRL is unusable. */
export type CrlIndex =
  | { readonly entries: ReadonlyMap<string, CrlEntry>; readonly problem?: undefined }
  | { readonly entries?: undefined; readonly problem: string };

const known = new WeakMap<ParsedCrl, CrlIndex>();

/**
 * Reads all entries of a CRL, once for each. Of several about one certificate, the one that weighs more counts: what
 * revokes outweighs a hold, and a hold its removal. Never throws.
 */
export function indexCrl(crl: ParsedCrl): CrlIndex {
  const before = known.get(crl);
  if (before !== undefined) return before;
  const index = readIndex(crl);
  known.set(crl, index);
  return index;
}

/** What an index says about a certificate, found by its issuer's name and serial number (RFC 5280 section 5.3). */
export function entryFor(
  entries: ReadonlyMap<string, CrlEntry>,
  certificate: RevocableCertificate,
): CrlEntry | undefined {
  return entries.get(entryKey(certificate.issuer.key, certificate.serial));
}

function readIndex(crl: ParsedCrl): CrlIndex {
  const [unknown] = crl.unknownCritical;
  if (unknown !== undefined) return { problem: `its critical extension ${unknown} is unknown` };
  const entries = new Map<string, CrlEntry>();
  try {
    for (const entry of crl.entries()) {
      for (const issuer of entry.issuers ?? [crl.issuer.key]) add(entries, issuer, entry);
    }
    return { entries };
  } catch (thrown) {
    return { problem: describeThrown(thrown) };
  }
}

function add(entries: Map<string, CrlEntry>, issuer: string, entry: CrlEntry): void {
  const key = entryKey(issuer, entry.serial);
  const before = entries.get(key);
  if (before === undefined || weightOf(entry.reason) > weightOf(before.reason)) entries.set(key, entry);
}

/** Serial numbers are hex: the first space ends one. */
function entryKey(issuer: string, serial: string): string {
  return `${serial} ${issuer}`;
}
