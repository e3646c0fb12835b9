import type { EpochMs } from '../lib/clock.ts';
import { derError, DerReader } from '../lib/der/reader.ts';
import { tags } from '../lib/der/tags.ts';
import { readSmallInteger, readTime, readUnsignedHex } from '../lib/der/values.ts';
import { asPortreeveError } from '../lib/errors.ts';
import { invalid, readExtensions, refused, type CrlExtension } from './crl-extensions.ts';
import { crlLimits } from './limits.ts';
import { reasonName, reasonNumbers } from './reasons.ts';

/** One revoked certificate as the CRL lists it. */
export interface CrlEntry {
  /** Lower-case hex without leading zero bytes. */
  readonly serial: string;
  readonly revokedAt: EpochMs;
  /** RFC 5280 reason number; 0 where none is given. */
  readonly reason: number;
}

const oids = {
  reasonCode: '2.5.29.21',
  invalidityDate: '2.5.29.24',
  certificateIssuer: '2.5.29.29',
} as const;

/**
 * Reads revokedCertificates (the whole SEQUENCE OF, RFC 5280 section 5.3) one entry at a time, holding one at a
 * time. Throws PDP_CRL_INVALID for a broken entry and PDP_CRL_REFUSED for an unknown critical entry extension or
 * an indirect CRL's certificateIssuer: either way the whole CRL is unusable.
 */
export function* readEntries(revokedCertificates: Uint8Array): Generator<CrlEntry, void> {
  const outer = new DerReader(revokedCertificates);
  const list = outer.enter(tags.sequence);
  for (let index = 0; !list.done; index++) yield readEntry(list, index);
}

function readEntry(list: DerReader, index: number): CrlEntry {
  try {
    const fields = list.enter(tags.sequence);
    const serial = readSerial(fields);
    const revokedAt = readTime(fields.next());
    const reason = fields.done ? reasonNumbers.unspecified : entryReason(fields.enter(tags.sequence));
    fields.end();
    return { serial, revokedAt, reason };
  } catch (thrown) {
    const cause = asPortreeveError(thrown);
    if (cause.code === 'PDP_CRL_REFUSED') throw cause;
    throw invalid(`entry ${index + 1}: ${cause.message}`, cause);
  }
}

function readSerial(fields: DerReader): string {
  const { hex, negative } = readUnsignedHex(fields.read(tags.integer));
  if (negative) throw derError('serial number is negative');
  if (hex.length > crlLimits.serialOctets * 2) throw derError('serial number is too long');
  return hex;
}

function entryReason(extensions: DerReader): number {
  let reason: number = reasonNumbers.unspecified;
  for (const extension of readExtensions(extensions)) {
    if (extension.oid === oids.reasonCode) reason = reasonCode(extension);
    else if (extension.oid === oids.certificateIssuer)
      throw refused('it is indirect (an entry names another certificateIssuer)');
    else if (extension.oid !== oids.invalidityDate && extension.critical)
      throw refused(`critical extension ${extension.oid} of an entry is unknown`);
  }
  return reason;
}

function reasonCode(extension: CrlExtension): number {
  const reader = new DerReader(extension.value);
  const reason = readSmallInteger(reader.read(tags.enumerated));
  reader.end();
  if (reasonName(reason) === undefined) throw derError(`reason ${reason} does not exist`);
  // Only a delta CRL takes certificates off the list (RFC 5280 section 5.3.1).
  if (reason === reasonNumbers.removeFromCRL) throw derError('removeFromCRL in a complete CRL');
  return reason;
}
