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
  // TLS would make a handshake's state of a refused socket, and count it as one that failed.
  const behind = sockets.listeners('connection') as ((socket: Socket) => void)[];
  sockets.removeAllListeners('connection');
  const letIn = (socket: Socket): void => behind.forEach((listener) => listener.call(sockets, socket));
  sockets.on('connection', (socket: Socket) => {
    const from = peerNetwork(socket);
    if (from === undefined) return letIn(socket);
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
    letIn(socket);
  });
}
