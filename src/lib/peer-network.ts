import { masked, networkText, parseAddress } from './ip-network.ts';

/**
 * Whom a connection counts for: its IPv4 address, or the /64 of its IPv6 address, for whoever has one address there has
 * all. Undefined for Unix sockets, and for one that is closed.
 */
export function peerNetwork({
  remoteAddress,
}: {
  readonly remoteAddress?: string | undefined;
}): string | undefined {
  const parsed = remoteAddress === undefined ? undefined : parseAddress(remoteAddress);
  if (parsed === undefined) return undefined;
  const prefix = parsed.bits === 32 ? 32 : 64;
  return networkText({ bits: parsed.bits, prefix, base: masked(parsed.base, parsed.bits, prefix) });
}
