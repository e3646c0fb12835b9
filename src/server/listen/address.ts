import { BlockList, isIP } from 'node:net';
import { PortreeveError } from '../../lib/errors.ts';

/** Where to listen, read from `host:port`, `[v6]:port` or `unix:/path`. */
export type ListenAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** Reads an address of the configuration. Throws PDP_CONFIG_INVALID for what is none. */
export function parseAddress(text: string): ListenAddress {
  if (text.startsWith('unix:')) {
    const path = text.slice('unix:'.length);
    // The kernel's sun_path holds 108 bytes including the final zero; a longer path would be cut without a word.
    if (path.startsWith('/') && Buffer.byteLength(path) <= 105) return { kind: 'unix', path };
    throw new PortreeveError(
      'PDP_CONFIG_INVALID',
      `${text}: a socket path is absolute and at most 105 bytes`,
    );
  }
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host !== undefined && port <= 65_535 && (match?.[1] === undefined || isIP(host) === 6)) {
    return { kind: 'tcp', host, port };
  }
  throw new PortreeveError('PDP_CONFIG_INVALID', `${text}: expected host:port, [v6]:port or unix:/path`);
}

/** The text of an address, as `parseAddress` reads it. */
export function formatAddress(address: ListenAddress): string {
  if (address.kind === 'unix') return `unix:${address.path}`;
  return isIP(address.host) === 6 ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether only this machine can reach the address: a Unix socket, a loopback address, or `localhost`. */
export function isLocal(address: ListenAddress): boolean {
  if (address.kind === 'unix' || address.host === 'localhost') return true;
  const version = isIP(address.host);
  return version !== 0 && loopback.check(address.host, version === 4 ? 'ipv4' : 'ipv6');
}
