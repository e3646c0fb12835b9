import { objectOf } from './compare.ts';
import { numberOf } from './number.ts';
import type { RegoEntry, RegoObject } from './value.ts';

const forms = [
  /^([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})$/i,
  /^[0-9a-f]{32}$/i,
];

/** 100-nanosecond intervals from 15 October 1582 to 1970. */
const gregorianToUnix = 122_192_928_000_000_000n;

const domains: readonly string[] = ['Person', 'Group', 'Org'];

/** What a UUID (RFC 9562, and DCE's version 2) says of itself; undefined where the text is none. */
export function parseUuid(text: string): RegoObject | undefined {
  const bare = withoutFrame(text);
  if (bare === undefined || !forms.some((form) => form.test(bare))) return undefined;
  const bytes = Buffer.from(bare.replaceAll('-', ''), 'hex');
  const version = (bytes[6] ?? 0) >> 4;
  const entries: RegoEntry[] = [
    ['version', numberOf(version)],
    ['variant', variantOf(bytes[8] ?? 0)],
  ];
  if (version === 1 || version === 2) entries.push(...timed(bytes));
  if (version === 2) entries.push(...ofDce(bytes));
  return objectOf(entries);
}

/** Also in braces, or with `urn:uuid:` before it. */
function withoutFrame(text: string): string | undefined {
  if (text.length === 45) return text.slice(0, 9).toLowerCase() === 'urn:uuid:' ? text.slice(9) : undefined;
  return text.length === 38 ? text.slice(1, 37) : text;
}

function variantOf(byte: number): string {
  if ((byte & 0xc0) === 0x80) return 'RFC4122';
  if ((byte & 0xe0) === 0xc0) return 'Microsoft';
  return (byte & 0xe0) === 0xe0 ? 'Future' : 'Reserved';
}

function timed(bytes: Buffer): readonly RegoEntry[] {
  const high = BigInt(bytes.readUInt16BE(6) & 0x0fff) << 48n;
  const ticks = high | (BigInt(bytes.readUInt16BE(4)) << 32n) | BigInt(bytes.readUInt32BE(0));
  const node = bytes.subarray(10);
  return [
    ['time', numberOf(BigInt.asIntN(64, (ticks - gregorianToUnix) * 100n))],
    ['nodeid', node.toString('hex').replace(/(..)(?!$)/g, '$1-')],
    ['macvariables', kindOfNode(node[0] ?? 0)],
    ['clocksequence', numberOf(bytes.readUInt16BE(8) & 0x3fff)],
  ];
}

function kindOfNode(first: number): string {
  return `${(first & 2) === 0 ? 'global' : 'local'}:${(first & 1) === 0 ? 'unicast' : 'multicast'}`;
}

function ofDce(bytes: Buffer): readonly RegoEntry[] {
  const domain = bytes[9] ?? 0;
  return [
    ['id', numberOf(bytes.readUInt32BE(0))],
    ['domain', domains[domain] ?? `Domain${domain}`],
  ];
}
