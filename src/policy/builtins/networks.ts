import { isIPv4, isIPv6 } from 'node:net';
import { contains, networkText, parseAddress, parseNetwork } from '../../lib/ip-network.ts';
import type { IpNetwork } from '../../lib/ip-network.ts';
import { setOf } from './compare.ts';
import { builtinLimits, within } from './limits.ts';
import { mergeNetworks } from './merge-networks.ts';
import { numberOf } from './number.ts';
import { OperandError, asText, membersOf, textAt } from './operands.ts';
import type { BuiltinTable } from './types.ts';
import { RegoObject, RegoSet, isArray } from './value.ts';
import type { RegoValue } from './value.ts';

/** Networks in CIDR notation (RFC 4632, RFC 4291). */
export const networkBuiltins: BuiltinTable = {
  'net.cidr_is_valid': ([text]) => typeof text === 'string' && cidr(text) !== undefined,
  'net.cidr_expand': (args) => {
    const network = readCidr(textAt(args, 0));
    const count = 2n ** BigInt(network.bits - network.prefix);
    within(Number(count), builtinLimits.addresses, 'addresses of a network');
    return setOf(Array.from({ length: Number(count) }, (_, index) => addressText(network, BigInt(index))));
  },
  'net.cidr_merge': ([list]) =>
    setOf(mergeNetworks(membersOf(list).map((one) => networkOrAddress(asText(one))))),
  'net.cidr_contains_matches': ([left, right]) => {
    const [outer, inner] = [indexed(left), indexed(right)];
    within(outer.length * inner.length, builtinLimits.pairs, 'pairs of networks');
    const found = outer.flatMap(([cidr, key]) => {
      if (inner.length === 0) return [];
      const network = readCidr(cidr);
      return inner
        .filter(([other]) => holds(network, other))
        .map(([, otherKey]): RegoValue => [key, otherKey]);
    });
    return setOf(found);
  },
};

/** As Go's ParseCIDR: an address without a zone, a slash and the prefix's length, zeros before it allowed. */
function cidr(text: string): IpNetwork | undefined {
  return text.includes('/') ? parseNetwork(text.replace(/\/0+(?=\d)/, '/')) : undefined;
}

function readCidr(text: string): IpNetwork {
  const network = cidr(text);
  if (!network) throw new OperandError('no network in CIDR notation');
  return network;
}

function holds(outer: IpNetwork, text: string): boolean {
  const inner = isIPv4(text) || isIPv6(text) ? parseAddress(text) : cidr(text);
  if (!inner) throw new OperandError('neither an address nor a network');
  return contains(outer, inner);
}

/** A network, or an IPv4 address as the network that it had before there were prefixes (class A, B or C). */
function networkOrAddress(text: string): IpNetwork {
  const address = parseAddress(text);
  if (!address) return readCidr(text);
  if (address.bits !== 32) throw new OperandError('an IPv6 address without a prefix');
  const first = Number(address.base >> 24n);
  const prefix = first < 128 ? 8 : first < 192 ? 16 : 24;
  return { ...address, prefix };
}

/** Networks with what stands for each in the result: itself, its index, its key. */
function indexed(value: RegoValue | undefined): readonly (readonly [cidr: string, key: RegoValue])[] {
  if (typeof value === 'string') return [[value, value]];
  if (isArray(value)) return value.map((one, index) => [element(one), numberOf(index)] as const);
  if (value instanceof RegoSet) return value.members.map((one) => [element(one), one] as const);
  if (value instanceof RegoObject) return value.entries.map(([key, one]) => [element(one), key] as const);
  return [];
}

/** A string, or an array whose first member is one. */
function element(value: RegoValue): string {
  return asText(isArray(value) ? value[0] : value);
}

function addressText({ bits, base }: IpNetwork, index: bigint): string {
  return networkText({ bits, base: base + index, prefix: bits }).replace(/\/.*/, '');
}
