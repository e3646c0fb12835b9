import { createHmac } from 'node:crypto';
import { isIP } from 'node:net';

/** Kinds of values that are replaced, and may be kept. */
export const replacedKinds = ['device', 'gateway', 'serial', 'owner', 'site', 'digest', 'ip'] as const;
export type ReplacedKind = (typeof replacedKinds)[number];

/** Gives what names a device, its owner or its place other values: the same one the same each time. */
export interface Names {
  readonly of: (kind: ReplacedKind, value: string) => string;
  /** A network (`10.1.0.0/16`) or an address: what was within it still is. */
  readonly network: (text: string) => string;
  /** Replaces within a text everything that was replaced before. */
  readonly within: (text: string) => string;
}

/** Shorter values could be part of any word. */
const leastWithin = 4;

/**
 * Makes names. Ids keep their form (URI, host name, MAC address, hex), so that the same profile reads them. Addresses keep
 * their first eight bits (IPv6: sixteen); each further bit is turned by a keyed hash of those before it, so that two
 * addresses have as many leading bits in common as before (Xu et al., Prefix-preserving IP address anonymization, 2002).
 */
export function createNames(key: Uint8Array, keep: ReadonlySet<ReplacedKind>): Names {
  const known = new Map<string, string>();
  const counts = new Map<string, number>();
  const next = (kind: ReplacedKind): number => {
    const number = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, number);
    return number;
  };
  const note = (value: string, make: () => string): string => {
    const before = known.get(value);
    if (before !== undefined) return before;
    const made = make();
    known.set(value, made);
    return made;
  };
  const address = (text: string): string =>
    keep.has('ip')
      ? text
      : note(text, () => turned(text, (bits) => createHmac('sha256', key).update(bits).digest()));
  return {
    of: (kind, value) => {
      if (keep.has(kind)) return value;
      if (kind === 'ip') return address(value);
      return note(value, () => (kind === 'digest' ? digest(key, value) : shaped(value, kind, next(kind))));
    },
    network: (text) => {
      const [base = '', length] = text.split('/');
      return length === undefined ? address(base) : `${cut(address(base), Number(length))}/${length}`;
    },
    within: (text) => {
      const values = [...known].filter(([value, made]) => value.length >= leastWithin && value !== made);
      // The longest first: one value may be part of another.
      values.sort(([a], [b]) => b.length - a.length);
      return values.reduce((done, [value, made]) => done.replaceAll(value, made), text);
    },
  };
}

/** Hex of the same length; its first digit makes a positive number of it that is as long. */
function digest(key: Uint8Array, value: string): string {
  const made = createHmac('sha256', key).update(value).digest('hex');
  return `4${made.repeat(Math.ceil(value.length / made.length)).slice(1, value.length)}`;
}

/** A value of the same form as one that names something of a kind. */
function shaped(value: string, kind: ReplacedKind, number: number): string {
  const name = `${kind}-${number}`;
  const uri = /^([a-z][a-z0-9+.-]*:\/\/)/i.exec(value)?.[1];
  if (uri !== undefined) return `${uri}example.org/${name}`;
  if (/^urn:/i.test(value)) return `urn:example:${name}`;
  const separated = /^[0-9a-f]{2}(?:([:-])[0-9a-f]{2}){5}$/i.exec(value);
  if (separated) return ['02', '00', '00', '00', ...octets(number)].join(separated[1]);
  if (/^[0-9a-f]{12}$/i.test(value)) return `02000000${octets(number).join('')}`;
  if (/^[a-z0-9-]+(\.[a-z0-9-]+)+$/i.test(value) && kind === 'device') return `${name}.example.org`;
  return name;
}

function octets(number: number): readonly string[] {
  return [number >> 8, number & 0xff].map((octet) => octet.toString(16).padStart(2, '0'));
}

type Turn = (bits: string) => Uint8Array;

/** An address in which every bit behind the first ones is turned by a hash of those before it. */
function turned(text: string, hash: Turn): string {
  const version = isIP(text);
  if (version === 0) return text;
  const bits = bitsOf(text, version);
  const kept = version === 4 ? 8 : 16;
  let made = bits.slice(0, kept);
  for (let at = kept; at < bits.length; at++) {
    const turn = (hash(bits.slice(0, at))[0] as number) & 1;
    made += String(Number(bits[at]) ^ turn);
  }
  return textOf(made, version);
}

/** The network of an address: its bits behind `length` are 0. */
function cut(text: string, length: number): string {
  const version = isIP(text);
  if (version === 0) return text;
  const bits = bitsOf(text, version);
  return textOf(bits.slice(0, length).padEnd(bits.length, '0'), version);
}

function bitsOf(text: string, version: number): string {
  const groups = version === 4 ? text.split('.').map(Number) : groupsOf(text);
  return groups.map((group) => group.toString(2).padStart(version === 4 ? 8 : 16, '0')).join('');
}

/** The eight groups of an IPv6 address (RFC 4291 section 2.2). */
function groupsOf(text: string): readonly number[] {
  // The runtime writes it without a dotted end.
  const whole = new URL(`http://[${text}]/`).hostname.slice(1, -1);
  const [left = '', right] = whole.split('::');
  const parts = (half: string): readonly string[] => (half === '' ? [] : half.split(':'));
  const [before, after] = [parts(left), parts(right ?? '')];
  const zeros = right === undefined ? 0 : 8 - before.length - after.length;
  return [...before, ...Array.from({ length: zeros }, () => '0'), ...after].map((group) =>
    parseInt(group, 16),
  );
}

function textOf(bits: string, version: number): string {
  const size = version === 4 ? 8 : 16;
  const groups = bits.match(new RegExp(`.{${size}}`, 'g')) ?? [];
  const numbers = groups.map((group) => parseInt(group, 2));
  if (version === 4) return numbers.join('.');
  return new URL(`http://[${numbers.map((one) => one.toString(16)).join(':')}]/`).hostname.slice(1, -1);
}
