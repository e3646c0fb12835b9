import { derError, type DerReader } from '../../lib/der/reader.ts';
import { contextConstructed, contextPrimitive, tags } from '../../lib/der/tags.ts';
import {
  readNull,
  readOctets,
  readOid,
  readSmallInteger,
  readTime,
  readUnsignedHex,
} from '../../lib/der/values.ts';
import { reasonName, reasonNumbers } from '../reasons.ts';
import { readTaggedExtensions, unknownCritical } from './extensions.ts';
import { ocspLimits } from './limits.ts';
import { certIdHashes } from './oids.ts';
import type { CertId, SingleResponse } from './types.ts';

/** Reads the next SingleResponse (RFC 6960 section 4.2.1). Throws PDP_DER_INVALID. */
export function readSingleResponse(list: DerReader): SingleResponse {
  const fields = list.enter(tags.sequence);
  const certId = readCertId(fields.enter(tags.sequence));
  const status = readStatus(fields);
  const thisUpdate = readTime(fields.read(tags.generalizedTime));
  const nextUpdate = readTagged(fields, 0, (inner) => readTime(inner.read(tags.generalizedTime)));
  const extensions = readTaggedExtensions(fields, contextConstructed(1));
  fields.end();
  if (nextUpdate !== undefined && nextUpdate < thisUpdate) throw derError('nextUpdate is before thisUpdate');
  return {
    certId,
    ...status,
    thisUpdate,
    ...(nextUpdate !== undefined && { nextUpdate }),
    unknownCritical: unknownCritical(extensions),
  };
}

function readCertId(fields: DerReader): CertId {
  const algorithm = fields.enter(tags.sequence);
  const oid = readOid(algorithm.read(tags.oid));
  const parameters = algorithm.optional(tags.null);
  if (parameters) readNull(parameters);
  algorithm.end();
  const issuerNameHash = readOctets(fields.read(tags.octetString));
  const issuerKeyHash = readOctets(fields.read(tags.octetString));
  const { hex: serial, negative } = readUnsignedHex(fields.read(tags.integer));
  fields.end();
  if (negative) throw derError('serial number is negative');
  if (serial.length > ocspLimits.serialOctets * 2) throw derError('serial number is too long');
  return { hash: certIdHashes.get(oid), issuerNameHash, issuerKeyHash, serial };
}

type Status = Pick<SingleResponse, 'status' | 'revokedAt' | 'reason'>;

function readStatus(fields: DerReader): Status {
  const tag = fields.peekTag();
  if (tag === contextPrimitive(0)) return readEmpty(fields, 'good');
  if (tag === contextPrimitive(2)) return readEmpty(fields, 'unknown');
  const revoked = fields.enter(contextConstructed(1));
  const revokedAt = readTime(revoked.read(tags.generalizedTime));
  const reason = readTagged(revoked, 0, readReason);
  revoked.end();
  return { status: 'revoked', revokedAt, reason: reason ?? reasonNumbers.unspecified };
}

function readEmpty(fields: DerReader, status: 'good' | 'unknown'): Status {
  if (fields.next().content.byteLength > 0) throw derError(`status ${status} with contents`);
  return { status };
}

/** A reason that takes a certificate off a list says nothing that a status could mean. */
function readReason(inner: DerReader): number {
  const reason = readSmallInteger(inner.read(tags.enumerated));
  if (reasonName(reason) === undefined || reason === reasonNumbers.removeFromCRL)
    throw derError(`reason ${reason} does not exist`);
  return reason;
}

function readTagged<T>(fields: DerReader, n: number, read: (inner: DerReader) => T): T | undefined {
  if (fields.peekTag() !== contextConstructed(n)) return undefined;
  const inner = fields.enter(contextConstructed(n));
  const value = read(inner);
  inner.end();
  return value;
}
