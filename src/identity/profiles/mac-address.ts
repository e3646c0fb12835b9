import { DerReader } from '../../lib/der/reader.ts';
import { tags } from '../../lib/der/tags.ts';
import { readOctets } from '../../lib/der/values.ts';
import { otherNameOids } from '../oids.ts';
import type { Certificate } from '../types.ts';
import { otherNames } from './other-names.ts';
import { type Profile, unidentified } from './profile.ts';

/** `0024befffe804ff1`, `00-24-BE-…`, `00:24:be:…` and `0024.befe.…` are one address. */
function normalise(id: string): string | undefined {
  const grouped =
    /^(?:[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1)*[0-9a-f]{2}|[0-9a-f]{4}(?:\.[0-9a-f]{4})+|[0-9a-f]+)$/i;
  if (id.length > 32 || !grouped.test(id)) return undefined;
  const digits = id.toLowerCase().replace(/[:.-]/g, '');
  return digits.length === 12 || digits.length === 16 ? octets(digits) : undefined;
}

function octets(hex: string): string {
  return (hex.match(/../g) ?? []).join(':');
}

/**
 * The MACAddress name of the TLS 1.3 profile for IoT (RFC 10031): the device is named by the one EUI-48 or EUI-64 among
 * the leaf's alternative names, as `00:24:be:…` in lower case.
 */
export const macAddress: Profile = {
  statedPurpose: 'required',
  identify({ certificates }) {
    const [value, ...others] = otherNames(certificates[0] as Certificate, otherNameOids.macAddress);
    if (value === undefined)
      return unidentified('identity.id_missing', { expected: 'MACAddress alternative name' });
    if (others.length > 0) return unidentified('identity.multiple_ids', { addresses: others.length + 1 });
    const address = readAddress(value);
    if (address === undefined) {
      return unidentified('identity.id_malformed', { problem: 'no address of 6 or 8 octets' });
    }
    return { identity: { scheme: 'mac_address', id: octets(address) }, findings: [] };
  },
  normalise,
};

function readAddress(value: Uint8Array): string | undefined {
  const tlv = new DerReader(value).next();
  if (tlv.tag !== tags.octetString) return undefined;
  const address = Buffer.from(readOctets(tlv));
  return address.length === 6 || address.length === 8 ? address.toString('hex') : undefined;
}
