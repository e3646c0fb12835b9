import { limits } from '../context/limits.ts';
import { equalBytes, sha256Hex } from '../lib/bytes.ts';
import { DerReader, type Tlv } from '../lib/der/reader.ts';
import { contextConstructed, contextPrimitive, tags } from '../lib/der/tags.ts';
import {
  bitStringContent,
  readOctetAlignedBits,
  readOid,
  readSmallInteger,
  readTime,
  readUnsignedHex,
} from '../lib/der/values.ts';
import type { EpochMs } from '../lib/clock.ts';
import { describeThrown } from '../lib/errors.ts';
import { CertificateError } from './certificate-error.ts';
import { type ExtensionFields, noExtensions, parseExtensions } from './extensions.ts';
import { knownName, parseName } from './name.ts';
import type { KnownNames } from './name.ts';
import { parsePublicKey } from './public-key.ts';
import type { Certificate } from './types.ts';

/** RFC 5280 section 4.1.2.2. */
const maxSerialOctets = 20;
/** 2050-01-01T00:00:00Z. */
const firstGeneralized: EpochMs = 2_524_608_000_000;

/**
 * Reads one DER certificate (RFC 5280 section 4.1), whole, once and strictly; byte fields of the answer are views into
 * `der`. Nothing is judged but the form, and what makes a certificate ambiguous: a negative serial number, an
 * empty issuer, two signature algorithms. Throws CertificateError only.
 */
export function parseCertificate(der: Uint8Array): Certificate {
  return parseIssued(der, undefined);
}

/** As `parseCertificate`; where the issuer's name is among `names`, it is that very object. */
export function parseIssued(der: Uint8Array, names: KnownNames | undefined): Certificate {
  try {
    return readCertificate(der, names);
  } catch (thrown) {
    if (thrown instanceof CertificateError) throw thrown;
    throw new CertificateError(describeThrown(thrown), { cause: thrown });
  }
}

function readCertificate(der: Uint8Array, names: KnownNames | undefined): Certificate {
  const document = new DerReader(der, limits.certificateDer);
  const outer = document.enter(tags.sequence);
  document.end();
  const tbs = outer.read(tags.sequence);
  const algorithm = outer.read(tags.sequence).whole;
  const signature = readOctetAlignedBits(outer.read(tags.bitString));
  outer.end();

  const reader = tbs.open();
  const version = readVersion(reader);
  const oddities: string[] = [];
  const serial = readSerial(reader.read(tags.integer), oddities);
  const signatureAlgorithm = readAlgorithm(reader.read(tags.sequence), algorithm);
  const issuer = knownName(reader.read(tags.sequence), names);
  if (issuer.key === '') throw new CertificateError('issuer name is empty');
  const validity = reader.enter(tags.sequence);
  const [starts, ends] = [validity.next(), validity.next()];
  const [notBefore, notAfter] = [readTime(starts), readTime(ends)];
  validity.end();
  if (isEarlyGeneralized(starts, notBefore) || isEarlyGeneralized(ends, notAfter)) oddities.push('time_form');
  const subject = parseName(reader.read(tags.sequence));
  const spkiTlv = reader.read(tags.sequence);
  const spki = spkiTlv.whole;
  const key = parsePublicKey(spkiTlv);
  const more = readOptionalFields(reader, version, oddities);
  reader.end();

  return {
    der,
    version,
    oddities,
    fingerprint: sha256Hex(der),
    tbs: tbs.whole,
    serial,
    issuer,
    subject,
    notBefore,
    notAfter,
    spki,
    keyDigest: sha256Hex(spki),
    key,
    signatureAlgorithm,
    signature,
    ...more,
  };
}

/** 1, 2 or 3. Version 1 is the default, which DER leaves out. */
function readVersion(reader: DerReader): number {
  const explicit = reader.optional(contextConstructed(0));
  if (explicit === undefined) return 1;
  const inner = explicit.open();
  const value = readSmallInteger(inner.read(tags.integer));
  inner.end();
  if (value !== 1 && value !== 2) throw new CertificateError(`certificate version field ${value}`);
  return value + 1;
}

/** RFC 5280 section 4.1.2.2: positive, and of at most 20 octets; zero and longer ones are odd, negative ones never read. */
function readSerial(tlv: Tlv, oddities: string[]): string {
  const { hex, negative } = readUnsignedHex(tlv);
  if (negative) throw new CertificateError('serial number is negative');
  if (tlv.content.byteLength > maxSerialOctets) oddities.push('serial_too_long');
  if (hex === '00') oddities.push('serial_zero');
  return hex;
}

/** RFC 5280 section 4.1.2.5: dates through 2049 are UTCTime. */
function isEarlyGeneralized(time: Tlv, at: EpochMs): boolean {
  return time.tag === tags.generalizedTime && at < firstGeneralized;
}

/** RFC 5280 section 4.1.1.2: the algorithm beside the signature must be the one that the signature covers. */
function readAlgorithm(covered: Tlv, beside: Uint8Array): Certificate['signatureAlgorithm'] {
  const der = covered.whole;
  if (!equalBytes(der, beside)) throw new CertificateError('signature algorithms inside and outside differ');
  return { oid: readOid(covered.open().read(tags.oid)), der };
}

/** Unique identifiers (versions 2 and 3, used for nothing) and extensions (version 3). */
function readOptionalFields(reader: DerReader, version: number, oddities: string[]): ExtensionFields {
  for (const field of [1, 2]) {
    const identifier = version >= 2 ? reader.optional(contextPrimitive(field)) : undefined;
    if (identifier === undefined) continue;
    bitStringContent(identifier.content);
    oddities.push('unique_identifier');
  }
  const explicit = version === 3 ? reader.optional(contextConstructed(3)) : undefined;
  if (explicit === undefined) return noExtensions();
  const inner = explicit.open();
  const fields = parseExtensions(inner.enter(tags.sequence));
  inner.end();
  return fields;
}
