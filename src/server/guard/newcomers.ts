import type { Server as NetServer, Socket } from 'node:net';
import type { ConnectionsConfig } from '../../config/types.ts';
import { peerNetwork } from '../../lib/peer-network.ts';
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
    const from = peerNetwork(socket);
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
