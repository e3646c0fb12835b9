import { sha256Hex } from '../lib/bytes.ts';
import { toDate, type EpochMs } from '../lib/clock.ts';
import { basicConstraints, keyUsage, rawExtensions, type RawExtension } from './extensions.ts';
import {
  generateKeys,
  hashFor,
  kindOf,
  privateKeyPem,
  publicKeyDer,
  signingKey,
  type CryptoKeyPair,
  type HashName,
  type KeyKind,
} from './keys.ts';
import { withSerial } from './serial.ts';
import { nameOf, x509 } from './x509.ts';

/** A certificate with its keys. Nothing stops a leaf from being used as an issuer: tests need that. */
export interface Authority {
  /** DN text as it was asked for. */
  readonly subject: string;
  readonly der: Uint8Array;
  readonly pem: string;
  /** PKCS#8 PEM. */
  readonly privateKeyPem: string;
  /** SHA-256 of `der`, hex. */
  readonly fingerprint: string;
  /** SHA-256 of SubjectPublicKeyInfo, hex. */
  readonly keyDigest: string;
  /** Lower-case hex without leading zero bytes; with a leading `-` where negative. */
  readonly serial: string;
  readonly keys: CryptoKeyPair;
  readonly kind: KeyKind;
}

export interface IssueOptions {
  /** DN text, e.g. `CN=Fleet Root,O=Example`; `` for an empty subject. */
  readonly subject: string;
  readonly notBefore: EpochMs;
  readonly notAfter: EpochMs;
  readonly key?: KeyKind;
  /** Reuses this pair (renewals, cross-certificates) instead of making one of kind `key`. */
  readonly keyPair?: CryptoKeyPair;
  readonly keyUsage?: readonly string[];
  readonly extensions?: readonly RawExtension[];
  /** Hex of any length; a leading `-` makes it negative. 16 random octets where not given. */
  readonly serial?: string;
  /** Hash of the issuer's signature; by default as wide as the issuer's curve, else SHA-256. */
  readonly hash?: HashName;
}

export interface CaOptions extends IssueOptions {
  readonly pathLen?: number;
}

/** Makes a self-signed CA certificate: basicConstraints and keyUsage critical, SKI, and AKI of itself. */
export async function createRoot(o: CaOptions): Promise<Authority> {
  const keys = o.keyPair ?? (await generateKeys(o.key ?? 'ec-p256'));
  return issue({ subject: o.subject, keys }, keys, o, caExtensions(o));
}

/** Issues a CA certificate under `parent`. Limits that the parent states are not enforced. */
export async function issueCa(parent: Authority, o: CaOptions): Promise<Authority> {
  const keys = o.keyPair ?? (await generateKeys(o.key ?? 'ec-p256'));
  return issue(parent, keys, o, caExtensions(o));
}

function caExtensions(o: CaOptions): x509.Extension[] {
  return [basicConstraints(true, o.pathLen), ...keyUsage(o.keyUsage ?? ['keyCertSign', 'cRLSign'])];
}

/**
 * Signs one certificate: the given extensions, then SKI, AKI and the raw ones. Throws what the library throws
 * for a subject that is no DN text.
 */
export async function issue(
  issuer: Pick<Authority, 'subject' | 'keys'>,
  keys: CryptoKeyPair,
  o: IssueOptions,
  extensions: readonly x509.Extension[],
): Promise<Authority> {
  const hash = hashFor(issuer.keys, o.hash);
  const spki = publicKeyDer(keys);
  const made = await x509.X509CertificateGenerator.create({
    // A negative number is beyond the library: it is put in afterwards.
    serialNumber: o.serial?.replace(/^-/, ''),
    subject: nameOf(o.subject),
    issuer: nameOf(issuer.subject),
    notBefore: toDate(o.notBefore),
    notAfter: toDate(o.notAfter),
    publicKey: new Uint8Array(spki),
    signingKey: await signingKey(issuer.keys, hash),
    signingAlgorithm: { name: issuer.keys.privateKey.algorithm.name, hash },
    extensions: [
      ...extensions,
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.keys.publicKey),
      ...rawExtensions(o.extensions),
    ],
  });
  const plain = new Uint8Array(made.rawData);
  const der = o.serial?.startsWith('-') ? withSerial(plain, o.serial, issuer.keys, hash) : plain;
  return {
    subject: o.subject,
    der,
    pem: toPem('CERTIFICATE', der),
    privateKeyPem: privateKeyPem(keys),
    fingerprint: sha256Hex(der),
    keyDigest: sha256Hex(spki),
    serial: o.serial?.startsWith('-') ? o.serial : plainSerial(made.serialNumber),
    keys,
    kind: kindOf(keys),
  };
}

function plainSerial(hex: string): string {
  return hex.toLowerCase().replace(/^(00)+(?=..)/, '');
}

/** PEM (RFC 7468) of DER bytes. */
export function toPem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/** SHA-1 of the public key's bits, as SKI and AKI carry it (RFC 5280 section 4.2.1.2, method 1). */
export async function keyIdentifier(keys: CryptoKeyPair): Promise<Uint8Array> {
  const made = await x509.SubjectKeyIdentifierExtension.create(keys.publicKey);
  return Buffer.from(made.keyId, 'hex');
}
