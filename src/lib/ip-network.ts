import { isIPv4, isIPv6 } from 'node:net';

/** A network: `base` has no bit set beyond the prefix. */
export interface IpNetwork {
  readonly bits: 32 | 128;
  readonly base: bigint;
  readonly prefix: number;
}

/** An address as a network of itself alone; IPv4-mapped IPv6 is the IPv4 address. Undefined for all else (zone ids, ports). */
export function parseAddress(text: string): IpNetwork | undefined {
  if (isIPv4(text)) return { bits: 32, base: v4Value(text), prefix: 32 };
  if (!isIPv6(text) || text.includes('%')) return undefined;
  return unmapped({ bits: 128, base: v6Value(text), prefix: 128 });
}

/** Reads CIDR notation or one address; bits beyond the prefix are cleared. Undefined for all else. */
export function parseNetwork(text: string): IpNetwork | undefined {
  const [address = '', prefix, ...rest] = text.split('/');
  const whole = isIPv6(address) && !address.includes('%') ? 128 : isIPv4(address) ? 32 : undefined;
  if (whole === undefined || rest.length > 0) return undefined;
  if (prefix !== undefined && !/^(0|[1-9]\d{0,2})$/.test(prefix)) return undefined;
  const length = prefix === undefined ? whole : Number(prefix);
  if (length > whole) return undefined;
  const value = whole === 32 ? v4Value(address) : v6Value(address);
  return unmapped({ bits: whole, base: masked(value, whole, length), prefix: length });
}

/** Whether every address of `inner` is one of `outer`. */
export function contains(outer: IpNetwork, inner: IpNetwork): boolean {
  return (
    outer.bits === inner.bits &&
    outer.prefix <= inner.prefix &&
    masked(inner.base, inner.bits, outer.prefix) === outer.base
  );
}

/** An address with all bits beyond the prefix cleared. */
export function masked(value: bigint, bits: number, prefix: number): bigint {
  const rest = BigInt(bits - prefix);
  return (value >> rest) << rest;
}

/** CIDR text, IPv6 by RFC 5952: equal networks have equal texts. */
export function networkText({ bits, base, prefix }: IpNetwork): string {
  if (bits === 32) return `${v4Text(base)}/${prefix}`;
  const groups = Array.from({ length: 8 }, (_, index) => (base >> BigInt(112 - 16 * index)) & 0xffffn);
  const text = groups.map((group) => group.toString(16)).join(':');
  return `${new URL(`http://[${text}]/`).hostname.slice(1, -1)}/${prefix}`;
}

const mappedPrefix = 0xffffn << 32n;

function unmapped(network: IpNetwork): IpNetwork {
  const { bits, base, prefix } = network;
  if (bits !== 128 || prefix < 96 || masked(base, 128, 96) !== mappedPrefix) return network;
  return { bits: 32, base: base & 0xffffffffn, prefix: prefix - 96 };
}

function v4Value(text: string): bigint {
  return text.split('.').reduce((value, part) => (value << 8n) | BigInt(part), 0n);
}

function v4Text(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 0xffn)).join('.');
}

function v6Value(text: string): bigint {
  // The URL parser writes every form of an address in one: compressed, without dotted parts.
  const [head = '', tail] = new URL(`http://[${text}]/`).hostname.slice(1, -1).split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups = [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right];
  return groups.reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n);
}
