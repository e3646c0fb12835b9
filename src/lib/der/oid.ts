import { derError, type Tlv } from './reader.ts';
import { tags } from './tags.ts';

/** Contents of the longest OID that is read. */
const maxOidBytes = 64;
/** Octets of the longest arc: 19 carry the 128 bits of an arc under 2.25 (ITU-T X.667). */
const maxArcBytes = 19;

/** Reads an OBJECT IDENTIFIER in dotted form (X.690 section 8.19). Throws PDP_DER_INVALID. */
export function readOid(tlv: Tlv): string {
  if (tlv.tag !== tags.oid) throw derError(`OBJECT IDENTIFIER expected, 0x${tlv.tag.toString(16)} found`);
  return oidContent(tlv.content);
}

/** As `readOid`, of the contents alone: for OIDs under an implicit tag. */
export function oidContent(content: Uint8Array): string {
  if (content.byteLength === 0) throw derError('OBJECT IDENTIFIER without contents');
  if (content.byteLength > maxOidBytes) throw derError('OBJECT IDENTIFIER too long');
  let dotted = '';
  for (let at = 0; at < content.byteLength;) {
    const end = arcEnd(content, at);
    const arc = end - at <= 7 ? smallArc(content, at, end) : largeArc(content, at, end);
    dotted += at === 0 ? firstArcs(arc) : `.${arc}`;
    at = end;
  }
  return kept(dotted);
}

/** OIDs that were read, each text once: put together anew for each certificate, they take more memory than its names. */
const known = new Map<string, string>();
/** Whoever makes up others makes room for none of the usual ones, which come first. */
const mostKnown = 512;

function kept(dotted: string): string {
  const same = known.get(dotted);
  if (same !== undefined) return same;
  if (known.size < mostKnown) known.set(dotted, dotted);
  return dotted;
}

/** Where the arc that starts at `start` ends; it must be in its shortest form and complete. */
function arcEnd(content: Uint8Array, start: number): number {
  if (content[start] === 0x80) throw derError('OBJECT IDENTIFIER arc not in its shortest form');
  let end = start;
  while ((content[end] ?? 0) >= 0x80) end++;
  if (end >= content.byteLength) throw derError('OBJECT IDENTIFIER cut off');
  if (end - start >= maxArcBytes) throw derError('OBJECT IDENTIFIER arc too large');
  return end + 1;
}

function smallArc(content: Uint8Array, start: number, end: number): number {
  let arc = 0;
  for (let i = start; i < end; i++) arc = arc * 128 + ((content[i] as number) & 0x7f);
  return arc;
}

function largeArc(content: Uint8Array, start: number, end: number): bigint {
  let arc = 0n;
  for (let i = start; i < end; i++) arc = (arc << 7n) | BigInt((content[i] as number) & 0x7f);
  return arc;
}

/** The first encoded arc holds two: 40 * x + y, where x is 0, 1 or 2 and y is below 40 unless x is 2. */
function firstArcs(arc: number | bigint): string {
  if (typeof arc === 'bigint') return `2.${arc - 80n}`;
  return arc < 80 ? `${arc < 40 ? 0 : 1}.${arc % 40}` : `2.${arc - 80}`;
}
