import { parseName } from '../../identity/name.ts';
import { sha256Hex } from '../../lib/bytes.ts';
import { derError, DerReader, type Tlv } from '../../lib/der/reader.ts';
import { contextConstructed, tags } from '../../lib/der/tags.ts';
import {
  readOctetAlignedBits,
  readOctets,
  readOid,
  readSmallInteger,
  readTime,
} from '../../lib/der/values.ts';
import { describeThrown, PortreeveError } from '../../lib/errors.ts';
import { readNonce, readTaggedExtensions, unknownCritical } from './extensions.ts';
import { ocspLimits } from './limits.ts';
import { ocspOids } from './oids.ts';
import { readSingleResponse } from './single-response.ts';
import type { BasicResponse, OcspResponse, ResponderId, SingleResponse } from './types.ts';

/** OCSPResponseStatus (RFC 6960 section 4.2.1); 4 is not used. */
const statuses: Readonly<Record<number, OcspResponse['status']>> = {
  0: 'successful',
  1: 'malformed_request',
  2: 'internal_error',
  3: 'try_later',
  5: 'sig_required',
  6: 'unauthorized',
};

/**
 * Reads an OCSPResponse (RFC 6960 section 4.2.1) from DER, whole, once and strictly, under `ocspLimits`. Certificates
 * that came with it are taken out and not read. Throws PDP_OCSP_INVALID.
 */
export function parseOcspResponse(bytes: Uint8Array): OcspResponse {
  try {
    return readResponse(bytes);
  } catch (thrown) {
    throw new PortreeveError('PDP_OCSP_INVALID', `not an OCSP response: ${describeThrown(thrown)}`, {
      cause: thrown,
    });
  }
}

function readResponse(bytes: Uint8Array): OcspResponse {
  const digest = sha256Hex(bytes);
  const document = new DerReader(bytes, ocspLimits.bytes);
  const outer = document.enter(tags.sequence);
  document.end();
  const number = readSmallInteger(outer.read(tags.enumerated));
  const status = statuses[number];
  if (status === undefined) throw derError(`status ${number} does not exist`);
  if (status !== 'successful') {
    // What comes with a refusal is nobody's word: passed over, as long as it is well-formed so far.
    outer.optional(contextConstructed(0));
    outer.end();
    return { digest, status };
  }
  const tagged = outer.enter(contextConstructed(0));
  outer.end();
  const response = tagged.enter(tags.sequence);
  tagged.end();
  const type = readOid(response.read(tags.oid));
  if (type !== ocspOids.basicResponse) throw derError(`response of type ${type}, which is not supported`);
  const content = readOctets(response.read(tags.octetString));
  response.end();
  return { digest, status, basic: readBasic(content) };
}

function readBasic(bytes: Uint8Array): BasicResponse {
  const document = new DerReader(bytes, ocspLimits.bytes);
  const fields = document.enter(tags.sequence);
  document.end();
  const tbs = fields.read(tags.sequence);
  const algorithm = fields.read(tags.sequence);
  const signature = readOctetAlignedBits(fields.read(tags.bitString));
  const certificates = readCertificates(fields);
  fields.end();
  return {
    tbs: tbs.whole,
    ...readData(tbs.open()),
    signatureAlgorithm: { oid: readOid(algorithm.open().read(tags.oid)), der: algorithm.whole },
    signature,
    certificates,
  };
}

type Data = Pick<BasicResponse, 'responder' | 'producedAt' | 'responses' | 'nonce' | 'unknownCritical'>;

function readData(data: DerReader): Data {
  readVersion(data);
  const responder = readResponderId(data.next());
  const producedAt = readTime(data.read(tags.generalizedTime));
  const responses = readSingles(data.enter(tags.sequence));
  const extensions = readTaggedExtensions(data, contextConstructed(1));
  data.end();
  const nonce = readNonce(extensions);
  return {
    responder,
    producedAt,
    responses,
    ...(nonce && { nonce }),
    unknownCritical: unknownCritical(extensions, [ocspOids.nonce]),
  };
}

/** Version 1 is written by leaving it out; some responders write it nevertheless, and it can mean only one thing. */
function readVersion(data: DerReader): void {
  if (data.peekTag() !== contextConstructed(0)) return;
  const tagged = data.enter(contextConstructed(0));
  if (readSmallInteger(tagged.read(tags.integer)) !== 0) throw derError('not of version 1');
  tagged.end();
}

function readResponderId(id: Tlv): ResponderId {
  const inner = id.open();
  if (id.tag === contextConstructed(1)) {
    const name = parseName(inner.read(tags.sequence));
    inner.end();
    return { by: 'name', name };
  }
  if (id.tag !== contextConstructed(2)) throw derError('a responder without name or key');
  const keyHash = readOctets(inner.read(tags.octetString));
  inner.end();
  if (keyHash.byteLength !== 20) throw derError('the hash of the responder’s key is no SHA-1');
  return { by: 'key', keyHash };
}

function readSingles(list: DerReader): readonly SingleResponse[] {
  const singles: SingleResponse[] = [];
  while (!list.done) {
    if (singles.length === ocspLimits.singles)
      throw derError(`more than ${ocspLimits.singles} single responses`);
    singles.push(readSingleResponse(list));
  }
  return singles;
}

function readCertificates(fields: DerReader): readonly Uint8Array[] {
  if (fields.peekTag() !== contextConstructed(0)) return [];
  const tagged = fields.enter(contextConstructed(0));
  const list = tagged.enter(tags.sequence);
  tagged.end();
  const certificates: Uint8Array[] = [];
  while (!list.done) {
    if (certificates.length === ocspLimits.certificates)
      throw derError(`more than ${ocspLimits.certificates} certificates`);
    certificates.push(list.read(tags.sequence).whole);
  }
  return certificates;
}
