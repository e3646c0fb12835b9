import { parseGeneralNames } from '../identity/general-names.ts';
import type { EpochMs } from '../lib/clock.ts';
import { derError, DerReader } from '../lib/der/reader.ts';
import { tags } from '../lib/der/tags.ts';
import { readSmallInteger, readTime, readUnsignedHex } from '../lib/der/values.ts';
import { asPortreeveError } from '../lib/errors.ts';
import { invalid, readExtensions, refused, type CrlExtension } from './crl-extensions.ts';
import { distinguishedNames } from './distribution-point-name.ts';
import { crlLimits } from './limits.ts';
import { reasonName, reasonNumbers } from './reasons.ts';

/** One revoked certificate as the CRL lists it. */
export interface CrlEntry {
  /** Lower-case hex without leading zero bytes. */
  readonly serial: string;
  readonly revokedAt: EpochMs;
  /** RFC 5280 reason number; 0 where none is given. */
  readonly reason: number;
  /** In an indirect CRL, comparison keys of the issuers that it names; absent where that is the CRL's own. */
  readonly issuers?: readonly string[];
}

/** What of a CRL decides how its entries are read. */
export interface CrlKind {
  readonly delta: boolean;
  readonly indirect: boolean;
}

const oids = {
  reasonCode: '2.5.29.21',
  invalidityDate: '2.5.29.24',
  certificateIssuer: '2.5.29.29',
} as const;

/**
 * Reads revokedCertificates (the whole SEQUENCE OF, RFC 5280 section 5.3) one entry at a time, holding one at a
 * time. Entries with a negative serial number, which no certificate has, are passed over. Throws PDP_CRL_INVALID for
 * a broken entry and PDP_CRL_REFUSED for an unknown critical entry extension, or a certificateIssuer in a CRL that is
 * not indirect: either way the whole CRL is unusable.
 */
export function* readEntries(revokedCertificates: Uint8Array, kind: CrlKind): Generator<CrlEntry, void> {
  const outer = new DerReader(revokedCertificates);
  const list = outer.enter(tags.sequence);
  const read = entryReader(kind);
  while (!list.done) {
    const entry = read(list);
    if (entry !== undefined) yield entry;
  }
}

/**
 * Answers a function that reads the next entry of a list, which may come in several parts: each call goes on where the
 * one before ended. Undefined is an entry that is passed over. Throws as `readEntries` does.
 */
export function entryReader(kind: CrlKind): (list: DerReader) => CrlEntry | undefined {
  let index = 0;
  // RFC 5280 section 5.3.3: an issuer holds for the entries that follow, until another is named.
  let issuers: readonly string[] | undefined;
  return (list) => {
    const entry = readEntry(list, index++, kind);
    issuers = entry.issuers ?? issuers;
    if (entry.negative) return undefined;
    const { serial, revokedAt, reason } = entry;
    return issuers === undefined ? { serial, revokedAt, reason } : { serial, revokedAt, reason, issuers };
  };
}

function readEntry(list: DerReader, index: number, kind: CrlKind): CrlEntry & { readonly negative: boolean } {
  try {
    const fields = list.enter(tags.sequence);
    const { hex: serial, negative } = readSerial(fields);
    const revokedAt = readTime(fields.next());
    const said = fields.done ? {} : readEntryExtensions(fields.enter(tags.sequence), kind);
    fields.end();
    return { serial, negative, revokedAt, reason: reasonNumbers.unspecified, ...said };
  } catch (thrown) {
    const cause = asPortreeveError(thrown);
    if (cause.code === 'PDP_CRL_REFUSED') throw cause;
    throw invalid(`entry ${index + 1}: ${cause.message}`, cause);
  }
}

function readSerial(fields: DerReader): ReturnType<typeof readUnsignedHex> {
  const serial = readUnsignedHex(fields.read(tags.integer));
  if (serial.hex.length > crlLimits.serialOctets * 2) throw derError('serial number is too long');
  return serial;
}

function readEntryExtensions(
  extensions: DerReader,
  kind: CrlKind,
): { readonly reason?: number; readonly issuers?: readonly string[] } {
  let said: { readonly reason?: number; readonly issuers?: readonly string[] } = {};
  for (const extension of readExtensions(extensions)) {
    if (extension.oid === oids.reasonCode) said = { ...said, reason: reasonCode(extension, kind) };
    else if (extension.oid === oids.certificateIssuer)
      said = { ...said, issuers: certificateIssuers(extension, kind) };
    else if (extension.oid !== oids.invalidityDate && extension.critical)
      throw refused(`critical extension ${extension.oid} of an entry is unknown`);
  }
  return said;
}

function certificateIssuers(extension: CrlExtension, { indirect }: CrlKind): readonly string[] {
  if (!indirect) throw refused('an entry names another certificateIssuer, but the CRL is not indirect');
  const reader = new DerReader(extension.value);
  const issuers = distinguishedNames(parseGeneralNames(reader.enter(tags.sequence)));
  reader.end();
  if (issuers.length === 0) throw derError('certificateIssuer without a distinguished name');
  if (issuers.length > crlLimits.entryIssuers)
    throw derError(`certificateIssuer with more than ${crlLimits.entryIssuers} names`);
  return issuers;
}

function reasonCode(extension: CrlExtension, { delta }: CrlKind): number {
  const reader = new DerReader(extension.value);
  const reason = readSmallInteger(reader.read(tags.enumerated));
  reader.end();
  if (reasonName(reason) === undefined) throw derError(`reason ${reason} does not exist`);
  // Only a delta CRL takes certificates off the list (RFC 5280 section 5.3.1).
  if (reason === reasonNumbers.removeFromCRL && !delta) throw derError('removeFromCRL in a complete CRL');
  return reason;
}
