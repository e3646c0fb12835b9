import type { DistinguishedName } from '../identity/types.ts';
import { derError, DerReader } from '../lib/der/reader.ts';
import { contextConstructed, contextPrimitive, tags } from '../lib/der/tags.ts';
import { readBoolean, readOctets, readOid, readUnsignedHex } from '../lib/der/values.ts';
import { PortreeveError } from '../lib/errors.ts';
import { readScope, type CrlScope } from './crl-scope.ts';
import { crlLimits } from './limits.ts';

/** An extension of a CRL or of one of its entries. */
export interface CrlExtension {
  readonly oid: string;
  readonly critical: boolean;
  /** The DER inside extnValue, a view. */
  readonly value: Uint8Array;
}

/** What the extensions of a CRL as a whole say. */
export interface CrlExtensions {
  /** cRLNumber, lower-case hex. */
  readonly number?: string;
  /** keyIdentifier of authorityKeyIdentifier, a view. */
  readonly authorityKeyId?: Uint8Array;
  /** BaseCRLNumber, lower-case hex: this is a delta CRL. */
  readonly baseNumber?: string;
  /** issuingDistributionPoint: this is partial, indirect or both. */
  readonly scope?: CrlScope;
  /** Critical extensions that are not processed: the CRL must not be used (RFC 5280 section 5.2). */
  readonly unknownCritical: readonly string[];
  /** OIDs of the extensions that are critical although RFC 5280 section 5.2 has them not critical. */
  readonly wronglyCritical: readonly string[];
}

/** Extensions of a CRL (RFC 5280 section 5.2). */
export const crlOids = {
  authorityKeyIdentifier: '2.5.29.35',
  crlNumber: '2.5.29.20',
  deltaCrlIndicator: '2.5.29.27',
  issuingDistributionPoint: '2.5.29.28',
} as const;

const neverCritical: ReadonlySet<string> = new Set([crlOids.crlNumber, crlOids.authorityKeyIdentifier]);

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Reads the contents of an Extensions SEQUENCE. An extension that comes twice, more than the limit
 * and broken DER throw PDP_DER_INVALID. An empty SEQUENCE is let through: the standard asks for one at
 * least, but issuers in use write it after entries without a reason, and it can mean only one thing.
 */
export function readExtensions(list: DerReader): CrlExtension[] {
  const read: CrlExtension[] = [];
  while (!list.done) {
    const one = list.enter(tags.sequence);
    const oid = readOid(one.read(tags.oid));
    const flag = one.optional(tags.boolean);
    if (flag && !readBoolean(flag)) throw derError(`extension ${oid} states the default critical = false`);
    const value = readOctets(one.read(tags.octetString));
    one.end();
    if (read.some((other) => other.oid === oid)) throw derError(`extension ${oid} comes twice`);
    if (read.length === crlLimits.extensions) throw derError(`more than ${crlLimits.extensions} extensions`);
    read.push({ oid, critical: flag !== undefined, value });
  }
  return read;
}

/** Interprets the extensions of a CRL (RFC 5280 section 5.2). Throws PDP_DER_INVALID for a broken one. */
export function interpretCrlExtensions(
  extensions: readonly CrlExtension[],
  issuer: DistinguishedName,
): CrlExtensions {
  const unknownCritical: string[] = [];
  const wronglyCritical: string[] = [];
  const found: Mutable<CrlExtensions> = { unknownCritical, wronglyCritical };
  for (const { oid, critical, value } of extensions) {
    if (oid === crlOids.crlNumber) found.number = crlNumber(value, 'cRLNumber');
    else if (oid === crlOids.authorityKeyIdentifier) found.authorityKeyId = keyIdentifier(value);
    else if (oid === crlOids.deltaCrlIndicator) found.baseNumber = crlNumber(value, 'BaseCRLNumber');
    else if (oid === crlOids.issuingDistributionPoint) found.scope = readScope(value, issuer);
    else if (critical) unknownCritical.push(oid);
    if (critical && neverCritical.has(oid)) wronglyCritical.push(oid);
  }
  return found;
}

function crlNumber(value: Uint8Array, name: string): string {
  const reader = new DerReader(value);
  const { hex, negative } = readUnsignedHex(reader.read(tags.integer));
  reader.end();
  if (negative) throw derError(`${name} is negative`);
  if (hex.length > crlLimits.numberOctets * 2) throw derError(`${name} has more than 20 octets`);
  return hex;
}

/** RFC 5280 section 4.2.1.1; issuer and serial number are passed over, the key identifier is what is used. */
function keyIdentifier(value: Uint8Array): Uint8Array | undefined {
  const outer = new DerReader(value);
  const fields = outer.enter(tags.sequence);
  outer.end();
  const identifier = fields.optional(contextPrimitive(0))?.content;
  fields.optional(contextConstructed(1));
  fields.optional(contextPrimitive(2));
  fields.end();
  return identifier;
}

/** The CRL breaks the standard. */
export function invalid(problem: string, cause?: unknown): PortreeveError {
  return new PortreeveError('PDP_CRL_INVALID', `CRL is malformed: ${problem}`, { cause });
}

/** The CRL is well-formed, but must not be used. */
export function refused(problem: string): PortreeveError {
  return new PortreeveError('PDP_CRL_REFUSED', `CRL is refused: ${problem}`);
}
