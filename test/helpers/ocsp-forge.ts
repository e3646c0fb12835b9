import { createHash, createPrivateKey, sign } from 'node:crypto';
import {
  enumerated,
  extension,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  tlv,
} from '../../src/ca/der.ts';
import type { Authority } from '../../src/ca/index.ts';
import { parseCertificate } from '../../src/identity/parse.ts';
import { issuerHashes, keyBits } from '../../src/revocation/ocsp/cert-id.ts';

/** What a made-up answer says of one certificate; times in milliseconds since 1970. */
export interface ForgedSingle {
  readonly serial: string;
  readonly status?: 'good' | 'revoked' | 'unknown';
  readonly revokedAt?: number;
  /** RFC 5280 reason number. */
  readonly reason?: number;
  readonly thisUpdate: number;
  readonly nextUpdate?: number;
  readonly hash?: 'sha1' | 'sha256';
  /** Of whose certificate; the answer's issuer where absent. */
  readonly issuer?: Authority;
  readonly extensions?: readonly Buffer[];
}

export interface ForgedAnswer {
  readonly issuer: Authority;
  /** Whose key signs; the issuer's where absent. */
  readonly signer?: Authority;
  readonly by?: 'name' | 'key';
  readonly certificates?: readonly Uint8Array[];
  readonly singles: readonly ForgedSingle[];
  readonly producedAt?: number;
  readonly nonce?: Uint8Array;
  readonly extensions?: readonly Buffer[];
  /** Digest of the ECDSA signature. */
  readonly digest?: 'sha1' | 'sha256';
}

const digests = { sha1: '1.3.14.3.2.26', sha256: '2.16.840.1.101.3.4.2.1' } as const;
const ecdsa = { sha1: '1.2.840.10045.4.1', sha256: '1.2.840.10045.4.3.2' } as const;
const nonceOid = '1.3.6.1.5.5.7.48.1.2';

/** A successful OCSPResponse in DER, signed with the signer's P-256 key, right or wrong as the caller wants it. */
export function forgeAnswer(o: ForgedAnswer): Buffer {
  const { issuer, signer = issuer, singles, extensions = [], nonce, digest = 'sha256' } = o;
  const all = nonce ? [...extensions, extension(nonceOid, false, octetString(nonce))] : extensions;
  const data = sequence(
    responderId(signer, o.by ?? 'name'),
    generalizedTime(o.producedAt ?? singles[0]?.thisUpdate ?? 0),
    sequence(...singles.map((single) => forgeSingle(single, single.issuer ?? issuer))),
    ...(all.length > 0 ? [tlv(0xa1, sequence(...all))] : []),
  );
  const signature = sign(digest, data, createPrivateKey(signer.privateKeyPem));
  const certificates = o.certificates ?? [];
  const basic = sequence(
    data,
    sequence(objectIdentifier(ecdsa[digest])),
    tlv(0x03, Buffer.from([0]), signature),
    ...(certificates.length > 0 ? [tlv(0xa0, sequence(...certificates))] : []),
  );
  const bytes = sequence(objectIdentifier('1.3.6.1.5.5.7.48.1.1'), octetString(basic));
  return sequence(enumerated(0), tlv(0xa0, bytes));
}

/** An OCSPResponse that is none: `tryLater` is 3. */
export function forgeRefusal(status: number): Buffer {
  return sequence(enumerated(status));
}

function responderId(signer: Authority, by: 'name' | 'key'): Buffer {
  const { subject, spki } = parseCertificate(signer.der);
  if (by === 'name') return tlv(0xa1, subject.der);
  return tlv(0xa2, octetString(createHash('sha1').update(keyBits(spki)).digest()));
}

function forgeSingle(o: ForgedSingle, issuer: Authority): Buffer {
  const hash = o.hash ?? 'sha1';
  const { name, key } = issuerHashes(parseCertificate(issuer.der), hash);
  const algorithm = sequence(objectIdentifier(digests[hash]), tlv(0x05));
  return sequence(
    sequence(algorithm, octetString(name), octetString(key), integer(o.serial)),
    forgeStatus(o),
    generalizedTime(o.thisUpdate),
    ...(o.nextUpdate === undefined ? [] : [tlv(0xa0, generalizedTime(o.nextUpdate))]),
    ...(o.extensions ? [tlv(0xa1, sequence(...o.extensions))] : []),
  );
}

function forgeStatus({ status = 'good', revokedAt, reason, thisUpdate }: ForgedSingle): Buffer {
  if (status === 'good') return tlv(0x80);
  if (status === 'unknown') return tlv(0x82);
  const why = reason === undefined ? [] : [tlv(0xa0, enumerated(reason))];
  return tlv(0xa1, generalizedTime(revokedAt ?? thisUpdate), ...why);
}

/** GeneralizedTime, which OCSP uses for every date. */
function generalizedTime(at: number): Buffer {
  return tlv(0x18, Buffer.from(`${new Date(at).toISOString().replace(/[-:T]|\..*/g, '')}Z`, 'latin1'));
}
