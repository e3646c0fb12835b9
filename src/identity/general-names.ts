import { derError, type DerReader, type Tlv } from '../lib/der/reader.ts';
import { contextConstructed, contextPrimitive, tags } from '../lib/der/tags.ts';
import { readOid } from '../lib/der/values.ts';
import { ia5Content } from '../lib/der/text.ts';
import { parseName } from './name.ts';
import type { GeneralName } from './types.ts';

/**
 * Reads the GeneralNames of a subjectAltName (RFC 5280 section 4.2.1.6): at least one, IP addresses of 4 or 16
 * octets, texts in ASCII without NUL. X.400 and EDI names and registered ids are told as `unsupported`.
 * Throws PDP_DER_INVALID.
 */
export function parseGeneralNames(reader: DerReader): GeneralName[] {
  const names: GeneralName[] = [parseGeneralName(reader.next())];
  while (!reader.done) names.push(parseGeneralName(reader.next()));
  return names;
}

function parseGeneralName(tlv: Tlv): GeneralName {
  switch (tlv.tag) {
    case contextConstructed(0):
      return parseOtherName(tlv);
    case contextPrimitive(1):
      return { kind: 'email', value: ia5Content(tlv.content) };
    case contextPrimitive(2):
      return { kind: 'dns', value: ia5Content(tlv.content) };
    case contextConstructed(4): {
      const explicit = tlv.open();
      const value = parseName(explicit.next());
      explicit.end();
      return { kind: 'dn', value };
    }
    case contextPrimitive(6):
      return { kind: 'uri', value: ia5Content(tlv.content) };
    case contextPrimitive(7): {
      const value = tlv.content;
      if (value.byteLength !== 4 && value.byteLength !== 16)
        throw derError('IP address of neither 4 nor 16 octets');
      return { kind: 'ip', value };
    }
    case contextConstructed(3):
    case contextConstructed(5):
    case contextPrimitive(8):
      return { kind: 'unsupported', tag: tlv.tag };
    default:
      throw derError(`0x${tlv.tag.toString(16)} is no GeneralName`);
  }
}

function parseOtherName(tlv: Tlv): GeneralName {
  const reader = tlv.open();
  const oid = readOid(reader.read(tags.oid));
  const explicit = reader.enter(contextConstructed(0));
  const value = explicit.next().whole;
  explicit.end();
  reader.end();
  return { kind: 'other', oid, value };
}
