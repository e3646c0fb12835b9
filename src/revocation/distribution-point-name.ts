import { parseGeneralNames } from '../identity/general-names.ts';
import { parseName } from '../identity/name.ts';
import type { DistinguishedName, GeneralName } from '../identity/types.ts';
import { toHex } from '../lib/bytes.ts';
import { derError, DerReader, type Tlv } from '../lib/der/reader.ts';
import { contextConstructed, tags } from '../lib/der/tags.ts';
import { inOnePiece } from '../lib/text.ts';

/**
 * Reads a DistributionPointName (RFC 5280 section 4.2.1.13) from the `[0]` that holds it, as keys of which two are
 * equal where the names are: full names, or one relative to `base`. Names of a form that is not read have no key, and
 * match nothing. Throws PDP_DER_INVALID.
 */
export function readDistributionPointName(tagged: Tlv, base: Pick<DistinguishedName, 'key'>): string[] {
  const choice = tagged.open();
  const name = choice.next();
  choice.end();
  if (name.tag === contextConstructed(0)) return parseGeneralNames(name.open()).flatMap(generalNameKey);
  if (name.tag === contextConstructed(1)) return [nameKey(relativeName(name, base))];
  throw derError('DistributionPointName that is neither full nor relative');
}

/** The key of a distinguished name as a distribution point's name. */
export function nameKey(comparisonKey: string): string {
  return inOnePiece('dn:', comparisonKey);
}

/** The key of a URI as a distribution point's name. */
export function uriPointKey(uri: string): string {
  return inOnePiece('uri:', uri);
}

/** The comparison keys of the distinguished names among general names. */
export function distinguishedNames(names: readonly GeneralName[]): string[] {
  return names.flatMap((name) => (name.kind === 'dn' ? [name.value.key] : []));
}

function generalNameKey(name: GeneralName): string[] {
  switch (name.kind) {
    case 'dn':
      return [nameKey(name.value.key)];
    case 'uri':
      return [uriPointKey(name.value)];
    case 'dns':
    case 'email':
      return [`${name.kind}:${name.value.toLowerCase()}`];
    case 'ip':
      return [`ip:${toHex(name.value)}`];
    case 'other':
      return [`other:${name.oid}:${toHex(name.value)}`];
    default:
      return [];
  }
}

/**
 * The comparison key of the name that nameRelativeToCRLIssuer appends to an issuer's: the relative name is a SET under
 * an implicit tag, read as the only one of a Name of its own.
 */
function relativeName(tagged: Tlv, base: Pick<DistinguishedName, 'key'>): string {
  const set = Buffer.from(tagged.whole);
  set[0] = tags.set;
  const document = new DerReader(asSequence(set));
  const { key } = parseName(document.next());
  document.end();
  return base.key === '' ? key : `${base.key},${key}`;
}

function asSequence(content: Buffer): Buffer {
  const { byteLength } = content;
  if (byteLength > 0xffff) throw derError('relative name of more than 65535 bytes');
  const length =
    byteLength < 0x80
      ? [byteLength]
      : byteLength < 0x100
        ? [0x81, byteLength]
        : [0x82, byteLength >> 8, byteLength & 0xff];
  return Buffer.concat([Buffer.from([tags.sequence, ...length]), content]);
}
