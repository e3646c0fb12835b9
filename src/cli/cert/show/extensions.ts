import { nameText } from '../../../identity/name-text.ts';
import type { Certificate, Extension, GeneralName } from '../../../identity/types.ts';
import { toHex } from '../../../lib/bytes.ts';
import { distributionPointsOf } from '../../../revocation/distribution-points.ts';
import { purposeName } from '../purposes.ts';

export interface ShownExtension {
  readonly oid: string;
  readonly name: string | null;
  readonly critical: boolean;
  /** What it says, in words; hex of the DER inside where it is not read. */
  readonly value: string;
}

type Describe = (certificate: Certificate) => string | undefined;

/** Extensions by OID: their name, and what the parsed certificate says about them. */
const known: Readonly<Record<string, readonly [name: string, describe?: Describe]>> = {
  '2.5.29.14': ['subjectKeyIdentifier', ({ subjectKeyId }) => subjectKeyId && toHex(subjectKeyId)],
  '2.5.29.15': ['keyUsage', ({ keyUsage }) => keyUsage && [...keyUsage].join(', ')],
  '2.5.29.17': ['subjectAltName', ({ subjectAltNames }) => subjectAltNames.map(generalName).join(', ')],
  '2.5.29.18': ['issuerAltName'],
  '2.5.29.19': ['basicConstraints', basicConstraints],
  '2.5.29.30': ['nameConstraints'],
  '2.5.29.31': ['cRLDistributionPoints', distributionPoints],
  '2.5.29.32': ['certificatePolicies'],
  '2.5.29.33': ['policyMappings'],
  '2.5.29.35': ['authorityKeyIdentifier', ({ authorityKeyId }) => authorityKeyId && toHex(authorityKeyId)],
  '2.5.29.36': ['policyConstraints'],
  '2.5.29.37': ['extendedKeyUsage', ({ extendedKeyUsage }) => extendedKeyUsage?.map(purposeName).join(', ')],
  '2.5.29.46': ['freshestCRL'],
  '2.5.29.54': ['inhibitAnyPolicy'],
  '1.3.6.1.5.5.7.1.1': ['authorityInfoAccess'],
  '1.3.6.1.5.5.7.1.11': ['subjectInfoAccess'],
};

/** Hex characters of a value that is not read. */
const mostHex = 128;

/** A certificate's extensions in their order. */
export function showExtensions(certificate: Certificate): ShownExtension[] {
  return [...certificate.extensions.values()].map((extension) => {
    const [name, describe] = known[extension.oid] ?? [null];
    return {
      oid: extension.oid,
      name,
      critical: extension.critical,
      value: describe?.(certificate) ?? rawValue(extension),
    };
  });
}

function rawValue({ value }: Extension): string {
  const hex = toHex(value);
  return hex.length > mostHex ? `${hex.slice(0, mostHex)}… (${value.byteLength} bytes)` : hex;
}

function basicConstraints({ basicConstraints: said }: Certificate): string | undefined {
  if (said === undefined) return undefined;
  return `${said.ca ? 'CA' : 'no CA'}${said.pathLen === undefined ? '' : `, at most ${said.pathLen} CAs below`}`;
}

function distributionPoints(certificate: Certificate): string | undefined {
  const { points, problem } = distributionPointsOf(certificate);
  if (problem !== undefined) return undefined;
  return points
    .slice(0, -1)
    .flatMap(({ names }) => names)
    .join(', ');
}

function generalName(name: GeneralName): string {
  switch (name.kind) {
    case 'dn':
      return `dn:${nameText(name.value)}`;
    case 'ip':
      return `ip:${ipText(name.value)}`;
    case 'other':
      return `other:${name.oid}:${toHex(name.value)}`;
    case 'dns':
    case 'uri':
    case 'email':
      return `${name.kind}:${name.value}`;
    default:
      return 'of a form that is not read';
  }
}

function ipText(octets: Uint8Array): string {
  if (octets.byteLength === 4) return octets.join('.');
  const groups = toHex(octets).match(/.{4}/g) ?? [];
  return groups.map((group) => group.replace(/^0+(?=.)/, '')).join(':');
}
