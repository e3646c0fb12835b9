import type { Server as NetServer, Socket } from 'node:net';
import type { ConnectionsConfig } from '../../config/types.ts';
import { masked, networkText, parseAddress } from '../../lib/ip-network.ts';
import type { Counts } from './counts.ts';

/**
 * Bounds how many connections a listener has in all and from one address, before anything is read of them or a
 * handshake costs anything. One too many is closed at once. Unix sockets have no addresses: there only the first
 * bound holds.
 */
export function admit(sockets: NetServer, limits: ConnectionsConfig, { connections: counts }: Counts): void {
  const open = new Map<string, number>();
  sockets.maxConnections = limits.max;
  sockets.on('drop', () => (counts.listener_full += 1));
  sockets.on('tlsClientError', (_error: Error, socket: Socket) => {
    counts.handshake += 1;
    // Node tells of a handshake that takes too long, and leaves its connection open.
    socket.destroy();
  });
  // First of all: what listens behind must find a refused socket closed.
  sockets.prependListener('connection', (socket: Socket) => {
    const from = sourceOf(socket);
    if (from === undefined) return;
    const others = open.get(from) ?? 0;
    if (others >= limits.per_address) {
      counts.address_full += 1;
      socket.destroy();
      return;
    }
    open.set(from, others + 1);
    socket.once('close', () => {
      const left = (open.get(from) ?? 1) - 1;
      if (left > 0) open.set(from, left);
      else open.delete(from);
    });
  });
}

/** An IPv4 address, or the /64 of an IPv6 address: whoever has one address there has all. */
function sourceOf({ remoteAddress }: Socket): string | undefined {
  const parsed = remoteAddress === undefined ? undefined : parseAddress(remoteAddress);
  if (parsed === undefined) return undefined;
  const prefix = parsed.bits === 32 ? 32 : 64;
  return networkText({ bits: parsed.bits, prefix, base: masked(parsed.base, parsed.bits, prefix) });
}
