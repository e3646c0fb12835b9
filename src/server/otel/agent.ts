import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Duplex } from 'node:stream';
import type { ExportTls } from './tls.ts';

/** Longest that one export may take, from its connection to the last byte of the answer (ms). */
export const exportLimitMs = 15_000;

/**
 * An agent for the exporters. Their own time-out counts from the last byte that came: a receiver that drips would hold
 * an export, and every one after it, for ever. Here a connection ends that has not finished its request in `limitMs`.
 * `tls` is what HTTPS is spoken with.
 */
export function createOtelAgent(
  protocol: string,
  { limitMs = exportLimitMs, tls = {} }: { readonly limitMs?: number; readonly tls?: ExportTls } = {},
): HttpAgent {
  const agent =
    protocol === 'https:' ? new HttpsAgent({ ...tls, keepAlive: true }) : new HttpAgent({ keepAlive: true });
  const limits = new WeakMap<Duplex, NodeJS.Timeout>();
  const begin = (socket: Duplex): void => {
    const limit = setTimeout(() => socket.destroy(), limitMs);
    limit.unref();
    limits.set(socket, limit);
  };
  const create = agent.createConnection.bind(agent);
  const keep = agent.keepSocketAlive.bind(agent);
  const reuse = agent.reuseSocket.bind(agent);
  agent.createConnection = (options, done) => {
    const socket = create(options, done);
    if (!socket) return socket;
    begin(socket);
    socket.once('close', () => clearTimeout(limits.get(socket)));
    return socket;
  };
  agent.keepSocketAlive = (socket) => {
    clearTimeout(limits.get(socket));
    return keep(socket);
  };
  agent.reuseSocket = (socket, request) => {
    begin(socket);
    reuse(socket, request);
  };
  return agent;
}
