import { lookup } from 'node:dns';
import type { LookupAddress, LookupOptions } from 'node:dns';
import { BlockList, isIP } from 'node:net';
import { refused } from './failures.ts';

/** This machine, its links and nobody's addresses: RFC 1122, 3927, 4291, 5771, 6890. */
const local = new BlockList();
local.addSubnet('0.0.0.0', 8, 'ipv4');
local.addSubnet('127.0.0.0', 8, 'ipv4');
local.addSubnet('169.254.0.0', 16, 'ipv4');
local.addSubnet('224.0.0.0', 3, 'ipv4');
local.addAddress('::', 'ipv6');
local.addAddress('::1', 'ipv6');
local.addSubnet('fe80::', 10, 'ipv6');
local.addSubnet('ff00::', 8, 'ipv6');
// IPv4 addresses in IPv6 clothes that only lead to what stands above.
local.addSubnet('64:ff9b::7f00:0', 104, 'ipv6');
local.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6');
local.addSubnet('::127.0.0.0', 104, 'ipv6');

/** Whether an IP address (also IPv4-mapped) is of this machine or its links, or no host's at all. */
export function isLocalAddress(address: string): boolean {
  const family = isIP(address);
  return family === 0 || local.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

/** A URL's host as an IP address where it is written as one, without brackets; undefined for a name. */
export function literalAddress(url: URL): string | undefined {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return isIP(host) === 0 ? undefined : host;
}

type Found = (
  error: NodeJS.ErrnoException | null,
  address: string | LookupAddress[],
  family?: number,
) => void;

/**
 * Resolves names as the system does and leaves out local addresses, at the very look-up that the connection is made
 * from: a name that answers differently the second time gains nothing.
 */
export function lookupRemote(hostname: string, options: LookupOptions, found: Found): void {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return found(error, []);
    const remote = addresses.filter(({ address }) => !isLocalAddress(address));
    const [first] = remote;
    if (!first) {
      return found(refused(`${hostname} leads to this machine or its links, which no entry names`), []);
    }
    return options.all ? found(null, remote) : found(null, first.address, first.family);
  });
}
