import { masked, networkText, parseNetwork } from '../../lib/ip-network.ts';

/** Prefixes that records are found by, the longest first; an address itself is one. */
const prefixes = { 32: [32, 24, 16, 8], 128: [128, 64, 48, 32] } as const;

/** An address with the networks around it, by which it is found. Nothing for what is no address or network. */
export function recordNetworks(text: string): readonly string[] {
  const network = parseNetwork(text);
  if (!network) return [];
  const { bits, base, prefix } = network;
  return prefixes[bits]
    .filter((length) => length <= prefix)
    .map((length) => networkText({ bits, base: masked(base, bits, length), prefix: length }));
}

/** The smallest network that records are found by and that holds the wanted one; undefined where none does. */
export function foundBy(text: string): string | undefined {
  return recordNetworks(text)[0];
}
