import { createHash, randomBytes } from 'node:crypto';
import { sha256Hex } from '../lib/bytes.ts';
import type { EpochMs } from '../lib/clock.ts';
import { bitString, contentOf, extension, integer, octetString, sequence, time, tlv } from './der.ts';
import { basicConstraints, keyUsage, type RawExtension } from './extensions.ts';
import {
  generateKeys,
  hashFor,
  kindOf,
  privateKeyPem,
  publicKeyDer,
  signatureAlgorithm,
  signBytes,
  type CryptoKeyPair,
  type HashName,
  type KeyKind,
} from './keys.ts';
import { nameOf, type x509 } from './x509.ts';

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
 * Signs one certificate (RFC 5280 section 4.1): the given extensions, then SKI, AKI and the raw ones. Put together here
 * octet by octet, which takes a tenth of the library's time, and lets numbers be negative. Throws what the library throws
 * for a subject that is no DN text.
 */
export function issue(
  issuer: Pick<Authority, 'subject' | 'keys'>,
  keys: CryptoKeyPair,
  o: IssueOptions,
  extensions: readonly x509.Extension[],
): Authority {
  const hash = hashFor(issuer.keys, o.hash);
  const spki = publicKeyDer(keys);
  const serial = integer(o.serial ?? randomSerial());
  const algorithm = signatureAlgorithm(issuer.keys, hash);
  const tbs = sequence(
    tlv(0xa0, integer('02')),
    serial,
    algorithm,
    nameDer(issuer.subject),
    sequence(time(o.notBefore), time(o.notAfter)),
    nameDer(o.subject),
    spki,
    tlv(
      0xa3,
      sequence(
        ...extensions.map((one) => new Uint8Array(one.rawData)),
        extension('2.5.29.14', false, octetString(keyIdentifier(keys))),
        extension('2.5.29.35', false, sequence(tlv(0x80, keyIdentifier(issuer.keys)))),
        ...(o.extensions ?? []).map((one) => extension(one.oid, one.critical, one.value)),
      ),
    ),
  );
  const der = new Uint8Array(sequence(tbs, algorithm, bitString(signBytes(issuer.keys, hash, tbs))));
  return {
    subject: o.subject,
    der,
    pem: toPem('CERTIFICATE', der),
    privateKeyPem: privateKeyPem(keys),
    fingerprint: sha256Hex(der),
    keyDigest: sha256Hex(spki),
    serial: o.serial?.startsWith('-') ? o.serial : plainSerial(serial.subarray(2).toString('hex')),
    keys,
    kind: kindOf(keys),
  };
}

/** A Name (RFC 5280 section 4.1.2.4). */
function nameDer(text: string): Uint8Array {
  return new Uint8Array(nameOf(text).toArrayBuffer());
}

/** 16 octets, positive (RFC 5280 section 4.1.2.2), hex. */
function randomSerial(): string {
  const octets = randomBytes(16);
  octets[0] = ((octets[0] as number) & 0x7f) | 0x40;
  return octets.toString('hex');
}

function plainSerial(hex: string): string {
  return hex.replace(/^(00)+(?=..)/, '');
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
export function keyIdentifier(keys: CryptoKeyPair): Uint8Array {
  return createHash('sha1')
    .update(subjectPublicKey(publicKeyDer(keys)))
    .digest();
}

/** The bits of a SubjectPublicKeyInfo: AlgorithmIdentifier, then a BIT STRING of whole octets. */
function subjectPublicKey(spki: Uint8Array): Uint8Array {
  const algorithm = contentOf(spki, contentOf(spki, 0).start);
  return spki.subarray(contentOf(spki, algorithm.end).start + 1);
}
