import { PortreeveError } from '../lib/errors.ts';
import { keyPurposes } from '../lib/key-purposes.ts';
import { x509 } from './x509.ts';

/** An extension given as bytes: `value` is the DER inside extnValue. Nothing about it is checked. */
export interface RawExtension {
  readonly oid: string;
  readonly critical: boolean;
  readonly value: Uint8Array;
}

export interface SubjectAltNames {
  readonly uri?: readonly string[];
  readonly dns?: readonly string[];
  readonly ip?: readonly string[];
  readonly email?: readonly string[];
}

const usageBits: Readonly<Record<string, number>> = {
  digitalSignature: 1,
  nonRepudiation: 2,
  keyEncipherment: 4,
  dataEncipherment: 8,
  keyAgreement: 16,
  keyCertSign: 32,
  cRLSign: 64,
  encipherOnly: 128,
  decipherOnly: 256,
};

/** keyUsage, critical; no extension for an empty list. Throws PDP_USAGE for an unknown name. */
export function keyUsage(names: readonly string[]): x509.Extension[] {
  if (names.length === 0) return [];
  let bits = 0;
  for (const name of names) {
    const bit = usageBits[name];
    if (bit === undefined) throw new PortreeveError('PDP_USAGE', `unknown key usage ${name}`);
    bits |= bit;
  }
  return [new x509.KeyUsagesExtension(bits, true)];
}

/** extendedKeyUsage, not critical; names such as `clientAuth`, or OIDs; no extension for an empty list. */
export function extendedKeyUsage(names: readonly string[]): x509.Extension[] {
  if (names.length === 0) return [];
  return [new x509.ExtendedKeyUsageExtension(names.map((name) => keyPurposes[name] ?? name))];
}

/** subjectAltName; critical where the subject is empty (RFC 5280 section 4.1.2.6); none without names. */
export function subjectAltName(names: SubjectAltNames, subject: string): x509.Extension[] {
  const all: x509.JsonGeneralName[] = [
    ...(names.uri ?? []).map((value) => ({ type: 'url' as const, value })),
    ...(names.dns ?? []).map((value) => ({ type: 'dns' as const, value })),
    ...(names.ip ?? []).map((value) => ({ type: 'ip' as const, value })),
    ...(names.email ?? []).map((value) => ({ type: 'email' as const, value })),
  ];
  return all.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(all, subject === '')];
}

/** basicConstraints, critical. */
export function basicConstraints(ca: boolean, pathLen?: number): x509.Extension {
  return new x509.BasicConstraintsExtension(ca, ca ? pathLen : undefined, true);
}
