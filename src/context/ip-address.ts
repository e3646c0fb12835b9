import { isIPv4, isIPv6 } from 'node:net';

/**
 * Canonical text of an IP address: IPv4 in dotted form, IPv6 by RFC 5952, IPv4-mapped IPv6 as the IPv4 address that
 * it stands for (so that one host has one text). Undefined for all else: zone ids, ports, brackets, leading zeros.
 */
export function canonicalIp(text: string): string | undefined {
  if (isIPv4(text)) return text;
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const host = new URL(`http://[${text}]/`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(host);
  if (!mapped) return host;
  const [high, low] = [parseInt(mapped[1] as string, 16), parseInt(mapped[2] as string, 16)];
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}
