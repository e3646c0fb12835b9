import type { EpochMs } from '../lib/clock.ts';
import { PortreeveError } from '../lib/errors.ts';
import { keyIdentifier, toPem, type Authority } from './authority.ts';
import { bitString, enumerated, extension, integer, sequence, time, tlv } from './der.ts';
import type { RawExtension } from './extensions.ts';
import { hashFor, signatureAlgorithm, signBytes, type HashName } from './keys.ts';
import { nameOf } from './x509.ts';

export interface CrlEntry {
  /** Hex. */
  readonly serial: string;
  readonly at: EpochMs;
  /** RFC 5280 name, e.g. `keyCompromise`, or a number; no reasonCode extension where not given. */
  readonly reason?: string | number;
  readonly extensions?: readonly RawExtension[];
}

export interface CrlOptions {
  /** cRLNumber, hex or number; no extension where not given. */
  readonly number?: string | number;
  readonly thisUpdate: EpochMs;
  /** Left out of the CRL where undefined. */
  readonly nextUpdate: EpochMs | undefined;
  readonly revoked: readonly CrlEntry[];
  /** Whose key signs, where not the issuer's: a forged CRL. */
  readonly signWith?: Authority;
  readonly extensions?: readonly RawExtension[];
  readonly hash?: HashName;
}

const reasonCodes: Readonly<Record<string, number>> = {
  unspecified: 0,
  keyCompromise: 1,
  cACompromise: 2,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  certificateHold: 6,
  removeFromCRL: 8,
  privilegeWithdrawn: 9,
  aACompromise: 10,
};

/**
 * Signs a version 2 CRL (RFC 5280 section 5) in the issuer's name, with its AKI. Written here octet by octet:
 * the library gives entries without a reason an empty extensions SEQUENCE, which the standard forbids, and its
 * time grows with the square of the entries.
 */
export async function issueCrl(issuer: Authority, o: CrlOptions): Promise<{ der: Uint8Array; pem: string }> {
  const signer = o.signWith ?? issuer;
  const hash = hashFor(signer.keys, o.hash);
  const algorithm = signatureAlgorithm(signer.keys, hash);
  const tbs = sequence(
    integer('01'),
    algorithm,
    Buffer.from(nameOf(issuer.subject).toArrayBuffer()),
    time(o.thisUpdate),
    ...(o.nextUpdate === undefined ? [] : [time(o.nextUpdate)]),
    ...(o.revoked.length === 0 ? [] : [sequence(Buffer.concat(o.revoked.map(entry)))]),
    tlv(0xa0, sequence(...(await crlExtensions(issuer, o)))),
  );
  const der = sequence(tbs, algorithm, bitString(signBytes(signer.keys, hash, tbs)));
  return { der, pem: toPem('X509 CRL', der) };
}

async function crlExtensions(issuer: Authority, o: CrlOptions): Promise<Buffer[]> {
  const authority = sequence(tlv(0x80, keyIdentifier(issuer.keys)));
  const number = typeof o.number === 'number' ? o.number.toString(16) : o.number;
  return [
    extension('2.5.29.35', false, authority),
    ...(number === undefined ? [] : [extension('2.5.29.20', false, integer(number))]),
    ...raw(o.extensions),
  ];
}

function entry(one: CrlEntry): Buffer {
  const extensions = [
    ...(one.reason === undefined ? [] : [extension('2.5.29.21', false, enumerated(reasonCode(one.reason)))]),
    ...raw(one.extensions),
  ];
  const tail = extensions.length === 0 ? [] : [sequence(...extensions)];
  return sequence(integer(one.serial), time(one.at), ...tail);
}

function reasonCode(reason: string | number): number {
  const code = typeof reason === 'number' ? reason : reasonCodes[reason];
  if (code === undefined) throw new PortreeveError('PDP_USAGE', `unknown revocation reason ${reason}`);
  return code;
}

function raw(given: readonly RawExtension[] = []): Buffer[] {
  return given.map((one) => extension(one.oid, one.critical, one.value));
}
