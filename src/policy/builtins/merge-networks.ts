import { masked, networkText } from '../../lib/ip-network.ts';
import type { IpNetwork } from '../../lib/ip-network.ts';

interface Range {
  readonly bits: 32 | 128;
  readonly first: bigint;
  readonly last: bigint;
  /** The network that it is and was never merged. */
  readonly text: string | undefined;
}

/** The fewest networks that hold the same addresses, in CIDR notation. */
export function mergeNetworks(networks: readonly IpNetwork[]): readonly string[] {
  return ([32, 128] as const).flatMap((bits) => {
    const ranges = networks.filter((network) => network.bits === bits).map(rangeOf);
    return merged(ranges).flatMap((range) => (range.text === undefined ? split(range) : [range.text]));
  });
}

function rangeOf(network: IpNetwork): Range {
  const { bits, prefix } = network;
  const first = masked(network.base, bits, prefix);
  const last = first + (1n << BigInt(bits - prefix)) - 1n;
  return { bits, first, last, text: networkText(network) };
}

/** Ranges that overlap or touch become one. */
function merged(ranges: readonly Range[]): readonly Range[] {
  const sorted = [...ranges].sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
  const found: Range[] = [];
  for (const range of sorted) {
    const before = found.at(-1);
    if (before && range.first <= before.last + 1n) {
      const last = range.last > before.last ? range.last : before.last;
      found[found.length - 1] = { ...before, last, text: undefined };
    } else {
      found.push(range);
    }
  }
  return found;
}

/** The fewest networks that make up a range: each as large as its first address and what is left allow. */
function split({ bits, first, last }: Range): readonly string[] {
  const found: string[] = [];
  for (let at = first; at <= last;) {
    let prefix: number = bits;
    while (prefix > 0 && fits(at, bits, prefix - 1, last)) prefix -= 1;
    found.push(networkText({ bits, base: at, prefix }));
    at += 1n << BigInt(bits - prefix);
  }
  return found;
}

function fits(at: bigint, bits: number, prefix: number, last: bigint): boolean {
  return masked(at, bits, prefix) === at && at + (1n << BigInt(bits - prefix)) - 1n <= last;
}
