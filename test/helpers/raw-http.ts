import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** A request of HTTP/1.1 as it stands on the wire. */
export const getOf = (path: string): string => `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`;

/** A connection whose bytes are sent as they are, and what came back. */
export interface RawHttp {
  readonly socket: Socket;
  text(): string;
  closed(): boolean;
  readonly ended: Promise<void>;
}

/** Connects to `address` (`host:port`), from a local address where one is given, and sends these bytes, whole or not. */
export function rawHttp(
  address: string,
  send: string,
  { localAddress }: { readonly localAddress?: string } = {},
): RawHttp {
  const [host = '', port = ''] = address.split(':');
  let text = '';
  const socket = connect({ host, port: Number(port), ...(localAddress && { localAddress }) }, () =>
    socket.write(send),
  );
  socket.setEncoding('latin1');
  socket.on('data', (piece: string) => (text += piece));
  socket.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  return { socket, text: () => text, closed: () => socket.destroyed, ended };
}

/** Asks anew as soon as it was answered, over so many connections at once, for so long (ms); what came back each time. */
export async function floodHttp(
  address: string,
  path: string,
  { connections, ms }: { readonly connections: number; readonly ms: number },
): Promise<readonly string[]> {
  const until = performance.now() + ms;
  const all: string[] = [];
  const one = async (): Promise<void> => {
    while (performance.now() < until) {
      const asked = rawHttp(address, getOf(path));
      await asked.ended;
      if (asked.text() === '') await pause(5);
      else all.push(asked.text());
    }
  };
  await Promise.all(Array.from({ length: connections }, one));
  return all;
}
