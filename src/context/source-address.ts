import { canonicalIp } from './ip-address.ts';
import { limits } from './limits.ts';
import { Refusal } from './refusal.ts';
import type { RawConnection } from './types.ts';

/** The header in which proxies list the addresses that they saw. */
export const forwardedForHeader = 'x-forwarded-for';

/**
 * Canonical text of the address that the connection comes from, or undefined where the PEP names none (a Unix socket).
 *
 * The address that the PEP sees counts, except on the HTTP door of a PEP with `trusted_hops` n > 0: there it is the
 * n-th entry of `x-forwarded-for` from the right. Each trusted hop appends the address that it saw, a PEP that appends
 * its own peer's address included; entries further left are the client's word and not even read. Too few entries or a
 * malformed one is a refusal: falling back to the peer's address would judge a proxy's network for the device's.
 * The other doors have no such header: on L4 the PROXY protocol has already put the device's address there.
 */
export function readSourceAddress(raw: RawConnection): string | Refusal | undefined {
  if (raw.door === 'ext_authz_http' && raw.pep.trusted_hops > 0) return fromForwardedFor(raw);
  const peer = raw.sourceIp;
  if (peer === undefined || peer === '') return undefined;
  return canonicalIp(peer) ?? new Refusal('source_ip', 'is not an IP address');
}

function fromForwardedFor(raw: RawConnection): string | Refusal {
  const field = forwardedForHeader;
  const header = raw.headers?.get(field);
  const hops = raw.pep.trusted_hops;
  if (header === undefined) return new Refusal(field, `is missing, although ${hops} hops are trusted`);
  if (header.length > limits.valueText) return new Refusal(field, 'is too long');
  const entries = header.split(',');
  if (entries.length < hops) return new Refusal(field, `has ${entries.length} entries, fewer than ${hops}`);
  let address = '';
  for (const entry of entries.slice(-hops).reverse()) {
    const canonical = canonicalIp(entry.replace(/^[ \t]+|[ \t]+$/g, ''));
    if (canonical === undefined)
      return new Refusal(field, 'has an entry of a trusted hop that is not an IP address');
    address = canonical;
  }
  return address;
}
