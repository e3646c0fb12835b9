import { objectIdentifier, octetString, sequence, tlv } from '../../../ca/der.ts';
import { otherNameOids } from '../../../identity/oids.ts';

/** subjectAltName (RFC 5280 section 4.2.1.6) with one MACAddress, hex of its DER. */
export function macAddressName(address: Uint8Array): string {
  const name = tlv(0xa0, objectIdentifier(otherNameOids.macAddress), tlv(0xa0, octetString(address)));
  return sequence(name).toString('hex');
}

/** nameConstraints (section 4.2.1.10) that permit URIs of hosts below `test` alone; hex of its DER. */
export const otherNamesOnly = '300ba009300786052e74657374';
