import { parseName } from '../identity/name.ts';
import type { DistinguishedName } from '../identity/types.ts';
import { equalBytes, sha256Hex } from '../lib/bytes.ts';
import type { EpochMs } from '../lib/clock.ts';
import { DerReader } from '../lib/der/reader.ts';
import { contextConstructed, tags } from '../lib/der/tags.ts';
import { readOctetAlignedBits, readOid, readSmallInteger, readTime } from '../lib/der/values.ts';
import { asPortreeveError } from '../lib/errors.ts';
import { readEntries, type CrlEntry } from './crl-entries.ts';
import { interpretCrlExtensions, invalid, readExtensions, refused } from './crl-extensions.ts';
import type { CrlHeader } from './crl-header.ts';
import { crlLimits } from './limits.ts';

/** A CRL, read but not yet believed. Byte fields are views into what was given. */
export interface ParsedCrl extends CrlHeader {
  readonly der: Uint8Array;
  readonly tbs: Uint8Array;
  readonly issuer: DistinguishedName;
  readonly signatureAlgorithm: { readonly oid: string; readonly der: Uint8Array };
  readonly signature: Uint8Array;
  /**
   * The entries in the order of the list, read one at a time: throws PDP_CRL_INVALID or PDP_CRL_REFUSED at the
   * first one that makes the CRL unusable.
   */
  entries(): Iterable<CrlEntry>;
}

/** What a CRL says of itself, without the bytes that it was read from and its entries. */
export type CrlFields = Omit<ParsedCrl, 'der' | 'digest' | 'tbs' | 'entries'>;

/**
 * Reads a CRL (RFC 5280 section 5.1) from DER: complete, delta, partial or indirect; of version 1 too, and without
 * nextUpdate, because what such a list revokes is revoked. What comes before and after the entries is read at once, the
 * entries when `entries()` is iterated. Throws PDP_CRL_INVALID for what is malformed and PDP_CRL_REFUSED for
 * what is well-formed but not supported.
 */
export function parseCrl(bytes: Uint8Array): ParsedCrl {
  try {
    return readCrl(bytes);
  } catch (thrown) {
    const cause = asPortreeveError(thrown);
    if (cause.code === 'PDP_CRL_INVALID' || cause.code === 'PDP_CRL_REFUSED') throw cause;
    throw invalid(cause.message, cause);
  }
}

function readCrl(bytes: Uint8Array): ParsedCrl {
  const document = new DerReader(bytes, crlLimits.bytes);
  const list = document.enter(tags.sequence);
  document.end();
  const tbs = list.read(tags.sequence);
  const signatureAlgorithm = readAlgorithm(list);
  const signature = readOctetAlignedBits(list.read(tags.bitString));
  list.end();
  const fields = readTbs(tbs.open(), signatureAlgorithm.der);
  return {
    der: bytes,
    digest: sha256Hex(bytes),
    tbs: tbs.whole,
    signatureAlgorithm,
    signature,
    ...fields,
  };
}

function readTbs(
  tbs: DerReader,
  outerAlgorithm: Uint8Array,
): Omit<ParsedCrl, 'der' | 'digest' | 'tbs' | 'signatureAlgorithm' | 'signature'> {
  const version = readVersion(tbs);
  if (!equalBytes(readAlgorithm(tbs).der, outerAlgorithm))
    throw invalid('the signature algorithm inside differs from the one outside');
  const issuer = parseName(tbs.read(tags.sequence));
  if (issuer.rdns.length === 0) throw invalid('the issuer has no name');
  const thisUpdate = readTime(tbs.next());
  const nextUpdate = readNextUpdate(tbs);
  if (nextUpdate !== undefined && nextUpdate < thisUpdate) throw refused('nextUpdate is before thisUpdate');
  const revoked = tbs.optional(tags.sequence)?.whole;
  const extensions = interpretCrlExtensions(version === 1 ? [] : readCrlExtensions(tbs), issuer);
  tbs.end();
  const kind = {
    delta: extensions.baseNumber !== undefined,
    indirect: extensions.scope?.indirect ?? false,
  };
  return {
    version,
    issuer,
    thisUpdate,
    ...(nextUpdate !== undefined && { nextUpdate }),
    ...extensions,
    entries: () => (revoked === undefined ? [] : readEntries(revoked, kind)),
  };
}

function readAlgorithm(reader: DerReader): { readonly oid: string; readonly der: Uint8Array } {
  const whole = reader.read(tags.sequence);
  return { oid: readOid(whole.open().read(tags.oid)), der: whole.whole };
}

/** Version 1 is written by leaving it out (RFC 5280 section 5.1.2.1). */
function readVersion(tbs: DerReader): 1 | 2 {
  const version = tbs.optional(tags.integer);
  if (version === undefined) return 1;
  if (readSmallInteger(version) !== 1) throw refused('it is not of version 2');
  return 2;
}

/** Optional in ASN.1, although RFC 5280 section 5.1.2.5 requires it: without it nobody could say when the list is stale. */
function readNextUpdate(tbs: DerReader): EpochMs | undefined {
  const tag = tbs.peekTag();
  return tag === tags.utcTime || tag === tags.generalizedTime ? readTime(tbs.next()) : undefined;
}

function readCrlExtensions(tbs: DerReader): ReturnType<typeof readExtensions> {
  if (tbs.peekTag() !== contextConstructed(0)) return [];
  const tagged = tbs.enter(contextConstructed(0));
  const extensions = readExtensions(tagged.enter(tags.sequence));
  tagged.end();
  return extensions;
}
