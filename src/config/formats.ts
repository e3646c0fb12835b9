import { isIPv4, isIPv6 } from 'node:net';

/** Where something listens, taken apart. */
export type Address =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** Reads `host:port`, `[v6]:port` or `unix:/path`; undefined for all else. Port 0 lets the system choose. */
export function parseAddress(text: string): Address | undefined {
  if (text.startsWith('unix:')) {
    const path = text.slice('unix:'.length);
    // sun_path holds 108 bytes with its end on Linux, 104 elsewhere; longer ones are cut without a word.
    return path.startsWith('/') && Buffer.byteLength(path) < 104 ? { kind: 'unix', path } : undefined;
  }
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text);
  if (!match) return undefined;
  const [, v6, name, digits] = match;
  const port = Number(digits);
  if (port > 65_535) return undefined;
  if (v6 !== undefined) return isIPv6(v6) ? { kind: 'tcp', host: v6, port } : undefined;
  const host = name as string;
  const numeric = /^[\d.]+$/.test(host);
  if (numeric ? !isIPv4(host) : !/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(host)) return undefined;
  return { kind: 'tcp', host, port };
}

/** Whether only this machine reaches an address: a Unix socket, 127.0.0.0/8, ::1 or `localhost`. */
export function isLocal(address: Address): boolean {
  if (address.kind === 'unix') return true;
  return (
    address.host === 'localhost' ||
    (isIPv4(address.host) && address.host.startsWith('127.')) ||
    isV6Loopback(address.host)
  );
}

function isV6Loopback(host: string): boolean {
  return isIPv6(host) && /^(0*:)*:?0*1$/.test(host) && !host.includes('.');
}

/** Whether a text is a CIDR: an IPv4 or IPv6 address, a slash and a prefix length without leading zeros. */
export function isCidr(text: string): boolean {
  const match = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text);
  if (!match) return false;
  const [, base, prefix] = match as unknown as [string, string, string];
  if (isIPv4(base)) return Number(prefix) <= 32;
  return isIPv6(base) && !base.includes('%') && Number(prefix) <= 128;
}
