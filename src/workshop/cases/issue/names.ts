import { macAddressName } from './octets.ts';
import type { CertificateWords, ExtensionWords, ProfileWord } from '../words.ts';

/** Names that a certificate carries. */
export interface CertificateNames {
  readonly subject: string;
  readonly uri: readonly string[];
  readonly dns: readonly string[];
  readonly extensions: readonly ExtensionWords[];
}

const subjectAltName = '2.5.29.17';

/** The names by which a profile finds a device's id in its certificate; what the case says itself takes their place. */
export function namesOf(profile: ProfileWord, words: CertificateWords): CertificateNames {
  const { id = 'device-1' } = words;
  const made = byProfile(profile, id);
  return {
    subject: words.subject ?? made.subject,
    uri: words.uri ?? made.uri ?? [],
    dns: words.dns ?? made.dns ?? [],
    extensions: [...(made.extensions ?? []), ...(words.extensions ?? [])],
  };
}

function byProfile(
  profile: ProfileWord,
  id: string,
): Partial<CertificateNames> & Pick<CertificateNames, 'subject'> {
  switch (profile) {
    case 'spiffe':
    case 'san_uri':
      return { subject: `CN=${escaped(lastPart(id))}`, uri: [id] };
    case 'opc_ua':
      return { subject: `CN=${escaped(lastPart(id))},O=Example`, uri: [id] };
    case 'san_dns':
      return { subject: `CN=${escaped(id)}`, dns: [id] };
    case 'ieee_802_1ar':
      return { subject: `CN=Device,serialNumber=${escaped(id)}` };
    case 'mac_address':
      return { subject: 'CN=Device', extensions: [macAddress(id)] };
    case 'aws_iot':
      return { subject: 'CN=AWS IoT Certificate' };
    case 'matter_dac': {
      const [vendor = '', product = ''] = id.split('-');
      return { subject: `CN=Device Mvid:${escaped(vendor)} Mpid:${escaped(product)}` };
    }
    case 'cn':
    case 'azure_dps':
    case 'lwm2m':
      return { subject: `CN=${escaped(id)}` };
  }
}

/** Of a URI what stands behind the authority. */
function lastPart(id: string): string {
  return id.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*\//i, '');
}

/** A value of a DN's text (RFC 4514 section 2.4). */
function escaped(value: string): string {
  return value.replaceAll(/[,+"\\<>;=#]/g, '\\$&');
}

/** The MACAddress name (RFC 10031): an OCTET STRING as otherName. */
function macAddress(id: string): ExtensionWords {
  const octets = Buffer.from(id.replaceAll(/[^0-9a-f]/gi, ''), 'hex');
  return { oid: subjectAltName, value: macAddressName(octets) };
}
