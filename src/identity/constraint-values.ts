import { derError, type DerReader } from '../lib/der/reader.ts';
import { contextConstructed, contextPrimitive, tags } from '../lib/der/tags.ts';
import { ia5Content } from '../lib/der/text.ts';
import { readOid, smallIntegerContent, readSmallInteger } from '../lib/der/values.ts';
import { parseName } from './name.ts';
import { isHostName } from './host-name.ts';
import type {
  NameConstraints,
  PolicyConstraints,
  PolicyInformation,
  PolicyMapping,
  Subtree,
} from './types.ts';

/**
 * Reads NameConstraints (RFC 5280 section 4.2.1.10). A constraint that cannot be understood must never be taken for
 * none, so that whatever is not in the form which that section gives throws PDP_DER_INVALID: an empty extension, a
 * minimum or maximum, a wildcard in a DNS name, an address mask with gaps.
 */
export function readNameConstraints(value: DerReader): NameConstraints {
  const reader = value.enter(tags.sequence);
  const permitted = reader.optional(contextConstructed(0));
  const excluded = reader.optional(contextConstructed(1));
  reader.end();
  if (permitted === undefined && excluded === undefined) throw derError('name constraints without any');
  return {
    permitted: permitted === undefined ? [] : readSubtrees(permitted.open()),
    excluded: excluded === undefined ? [] : readSubtrees(excluded.open()),
  };
}

function readSubtrees(list: DerReader): Subtree[] {
  const subtrees = [readSubtree(list.enter(tags.sequence))];
  while (!list.done) subtrees.push(readSubtree(list.enter(tags.sequence)));
  return subtrees;
}

/** `minimum` is 0, its default (some CAs write it), and `maximum` absent: RFC 5280 has no other use for them. */
function readSubtree(reader: DerReader): Subtree {
  const base = reader.next();
  const minimum = reader.optional(contextPrimitive(0));
  reader.end();
  if (minimum !== undefined && smallIntegerContent(minimum.content) !== 0) {
    throw derError('name constraint with a minimum');
  }
  switch (base.tag) {
    case contextPrimitive(1):
      return { kind: 'email', value: emailConstraint(ia5Content(base.content)) };
    case contextPrimitive(2):
      return { kind: 'dns', value: hostConstraint(ia5Content(base.content)) };
    case contextPrimitive(6):
      return { kind: 'uri', value: hostConstraint(ia5Content(base.content)) };
    case contextPrimitive(7):
      return { kind: 'ip', value: addressConstraint(base.content) };
    case contextConstructed(4): {
      const explicit = base.open();
      const value = parseName(explicit.next());
      explicit.end();
      return { kind: 'dn', value };
    }
    case contextConstructed(0):
      return { kind: 'other' };
    case contextConstructed(3):
    case contextConstructed(5):
    case contextPrimitive(8):
      return { kind: 'unsupported', tag: base.tag };
    default:
      throw derError(`0x${base.tag.toString(16)} is no GeneralName`);
  }
}

/** A host, a domain by its leading period, or nothing at all, which every host is within. Lower case. */
function hostConstraint(text: string): string {
  const host = text.startsWith('.') ? text.slice(1) : text;
  if (text !== '' && !isHostName(host)) throw derError('name constraint that is neither host nor domain');
  return text.toLowerCase();
}

/** One mailbox, whose local part stays as it is, or a host or domain. */
function emailConstraint(text: string): string {
  const at = text.indexOf('@');
  if (at < 0) return hostConstraint(text);
  const host = text.slice(at + 1);
  if (at === 0 || !isHostName(host)) throw derError('name constraint that is no mailbox');
  return text.slice(0, at + 1) + host.toLowerCase();
}

/** Address and mask, each of 4 or 16 octets, the mask's ones first. */
function addressConstraint(value: Uint8Array): Uint8Array {
  const size = value.byteLength / 2;
  if (size !== 4 && size !== 16) throw derError('address constraint of neither 8 nor 32 octets');
  const bits = Array.from(value.subarray(size), (octet) => octet.toString(2).padStart(8, '0')).join('');
  if (bits.includes('01')) throw derError('address constraint whose mask has gaps');
  return value;
}

/** Reads CertificatePolicies (RFC 5280 section 4.2.1.4); one policy twice throws PDP_DER_INVALID. */
export function readCertificatePolicies(value: DerReader): PolicyInformation[] {
  const list = value.enter(tags.sequence);
  const policies = [readPolicy(list.enter(tags.sequence))];
  while (!list.done) policies.push(readPolicy(list.enter(tags.sequence)));
  if (new Set(policies.map(({ oid }) => oid)).size < policies.length) throw derError('one policy twice');
  return policies;
}

function readPolicy(reader: DerReader): PolicyInformation {
  const oid = readOid(reader.read(tags.oid));
  const qualifiers: string[] = [];
  const list = reader.optional(tags.sequence)?.open();
  reader.end();
  if (list?.done) throw derError('policy qualifiers without any');
  while (list !== undefined && !list.done) {
    const qualifier = list.enter(tags.sequence);
    qualifiers.push(readOid(qualifier.read(tags.oid)));
    qualifier.next();
    qualifier.end();
  }
  return { oid, qualifiers };
}

/** Reads PolicyMappings (RFC 5280 section 4.2.1.5). Throws PDP_DER_INVALID. */
export function readPolicyMappings(value: DerReader): PolicyMapping[] {
  const list = value.enter(tags.sequence);
  const mappings = [readMapping(list.enter(tags.sequence))];
  while (!list.done) mappings.push(readMapping(list.enter(tags.sequence)));
  return mappings;
}

function readMapping(reader: DerReader): PolicyMapping {
  const issuer = readOid(reader.read(tags.oid));
  const subject = readOid(reader.read(tags.oid));
  reader.end();
  return { issuer, subject };
}

/** Reads PolicyConstraints (RFC 5280 section 4.2.1.11), which must state something. Throws PDP_DER_INVALID. */
export function readPolicyConstraints(value: DerReader): PolicyConstraints {
  const reader = value.enter(tags.sequence);
  const explicit = reader.optional(contextPrimitive(0));
  const mapping = reader.optional(contextPrimitive(1));
  reader.end();
  if (explicit === undefined && mapping === undefined) throw derError('policy constraints without any');
  return {
    ...(explicit === undefined ? {} : { requireExplicitPolicy: smallIntegerContent(explicit.content) }),
    ...(mapping === undefined ? {} : { inhibitPolicyMapping: smallIntegerContent(mapping.content) }),
  };
}

/** Reads InhibitAnyPolicy (RFC 5280 section 4.2.1.14). Throws PDP_DER_INVALID. */
export function readInhibitAnyPolicy(value: DerReader): number {
  return readSmallInteger(value.read(tags.integer));
}
