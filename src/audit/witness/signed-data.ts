import { derError } from '../../lib/der/reader.ts';
import type { Tlv } from '../../lib/der/reader.ts';
import { contextConstructed, contextPrimitive, tags } from '../../lib/der/tags.ts';
import { readNull, readOctets, readOid, readSmallInteger, readUnsignedHex } from '../../lib/der/values.ts';
import { derElement } from '../../lib/der/write.ts';
import { timestampOids } from './timestamp-oids.ts';

/** A CMS SignedData with one signer (RFC 5652 section 5), as time-stamps are. Byte fields are views. */
export interface SignedData {
  readonly contentType: string;
  readonly content: Uint8Array;
  /** DER of the X.509 certificates that came with it; other kinds are left out. */
  readonly certificates: readonly Uint8Array[];
  readonly signer: SignerInfo;
}

export interface SignerInfo {
  readonly sid:
    | { readonly issuerDer: Uint8Array; readonly serial: string; readonly keyId?: undefined }
    | { readonly keyId: Uint8Array; readonly issuerDer?: undefined };
  readonly digestOid: string;
  /** By attribute type; each with the one value that it has. */
  readonly attributes: ReadonlyMap<string, Tlv>;
  /** What was signed: the attributes as a SET OF (RFC 5652 section 5.4). */
  readonly signedBytes: Uint8Array;
  readonly algorithm: { readonly oid: string; readonly der: Uint8Array };
  readonly signature: Uint8Array;
}

const mostCertificates = 32;
const mostAttributes = 32;

/** Reads a ContentInfo with SignedData strictly as DER; nothing is verified. Throws PDP_DER_INVALID. */
export function readSignedData(contentInfo: Tlv): SignedData {
  const outer = contentInfo.open();
  const type = readOid(outer.read(tags.oid));
  if (type !== timestampOids.signedData)
    throw derError(`content info of type ${type}, which is not signed data`);
  const explicit = outer.enter(contextConstructed(0));
  outer.end();
  const reader = explicit.enter(tags.sequence);
  explicit.end();
  readSmallInteger(reader.read(tags.integer));
  reader.read(tags.set);
  const { contentType, content } = readEncapsulated(reader.read(tags.sequence));
  const certificates = reader.optional(contextConstructed(0));
  reader.optional(contextConstructed(1));
  const signers = reader.enter(tags.set);
  reader.end();
  const signer = readSigner(signers.read(tags.sequence));
  if (!signers.done) throw derError('signed by more than one signer');
  return { contentType, content, certificates: certificates ? readCertificates(certificates) : [], signer };
}

function readEncapsulated(tlv: Tlv): Pick<SignedData, 'contentType' | 'content'> {
  const reader = tlv.open();
  const contentType = readOid(reader.read(tags.oid));
  const explicit = reader.enter(contextConstructed(0));
  reader.end();
  const content = readOctets(explicit.next());
  explicit.end();
  return { contentType, content };
}

function readCertificates(tlv: Tlv): Uint8Array[] {
  const reader = tlv.open();
  const found: Uint8Array[] = [];
  for (let count = 0; !reader.done; count++) {
    if (count === mostCertificates) throw derError(`more than ${mostCertificates} certificates`);
    const one = reader.next();
    if (one.tag === tags.sequence) found.push(one.whole);
  }
  return found;
}

function readSigner(tlv: Tlv): SignerInfo {
  const reader = tlv.open();
  const version = readSmallInteger(reader.read(tags.integer));
  const sid = readSid(reader.next());
  if (version !== (sid.keyId === undefined ? 1 : 3)) throw derError(`signer of version ${version}`);
  const digestOid = readAlgorithm(reader.read(tags.sequence)).oid;
  const attributes = reader.read(contextConstructed(0));
  const algorithm = readAlgorithm(reader.read(tags.sequence), 'any parameters');
  const signature = readOctets(reader.next());
  reader.optional(contextConstructed(1));
  reader.end();
  return {
    sid,
    digestOid,
    attributes: readAttributes(attributes),
    signedBytes: derElement(tags.set, attributes.content),
    algorithm,
    signature,
  };
}

function readSid(tlv: Tlv): SignerInfo['sid'] {
  if (tlv.tag === contextPrimitive(0)) return { keyId: tlv.content };
  if (tlv.tag !== tags.sequence) throw derError('signer without a name');
  const reader = tlv.open();
  const issuerDer = reader.read(tags.sequence).whole;
  const { hex, negative } = readUnsignedHex(reader.read(tags.integer));
  reader.end();
  if (negative) throw derError('signer with a negative serial number');
  return { issuerDer, serial: hex };
}

function readAlgorithm(tlv: Tlv, parameters?: 'any parameters'): SignerInfo['algorithm'] {
  const reader = tlv.open();
  const oid = readOid(reader.read(tags.oid));
  if (parameters === undefined && !reader.done) readNull(reader.next());
  if (parameters === undefined) reader.end();
  return { oid, der: tlv.whole };
}

/** Each attribute stands once and has one value, as all have that time-stamps rest on. */
function readAttributes(tlv: Tlv): ReadonlyMap<string, Tlv> {
  const reader = tlv.open();
  const found = new Map<string, Tlv>();
  while (!reader.done) {
    const attribute = reader.enter(tags.sequence);
    const oid = readOid(attribute.read(tags.oid));
    const values = attribute.enter(tags.set);
    attribute.end();
    if (found.has(oid)) throw derError(`signed attribute ${oid} twice`);
    if (found.size === mostAttributes) throw derError(`more than ${mostAttributes} signed attributes`);
    found.set(oid, values.next());
    values.end();
  }
  return found;
}
