import { createECDH, createHash, createPrivateKey, sign } from 'node:crypto';
import { bitString, sequence } from '../../src/ca/der.ts';
import { toPem } from '../../src/ca/authority.ts';
import { issueLeaf, type Authority } from '../../src/ca/index.ts';
import { publicKeyDer } from '../../src/ca/keys.ts';
import { DerReader } from '../../src/lib/der/reader.ts';
import { tags } from '../../src/lib/der/tags.ts';

const day = 86_400_000;
const serialBytes = 16;
/** An uncompressed point of P-256. */
const pointBytes = 65;

/** Issues one certificate of a device: its name and the number of the certificate. */
export type LeafMaker = (deviceId: string, serial: Buffer) => string;

/**
 * Makes a maker of real certificates under a CA, some ten thousand a second: one certificate is issued as ever, and
 * each further one is the same with another name of the same length, serial number, key (its own) and signature.
 * Answers PEM. Serial numbers have 16 octets, the first below 80 and not 00.
 */
export async function leafMaker(issuer: Authority, sampleId: string, now: number): Promise<LeafMaker> {
  const serial = Buffer.alloc(serialBytes, 0x5a);
  const sample = await issueLeaf(issuer, {
    subject: `CN=${sampleId}`,
    serial: serial.toString('hex'),
    notBefore: now - day,
    notAfter: now + 90 * day,
  });
  const list = new DerReader(sample.der).enter(tags.sequence);
  const [tbs, algorithm] = [Buffer.from(list.next().whole), Buffer.from(list.next().whole)];
  // The uncompressed point that ends a SubjectPublicKeyInfo, and its SHA-1, the subject key identifier.
  const point = publicPoint(sample);
  const places = {
    serial: placeOf(tbs, serial),
    name: placeOf(tbs, Buffer.from(sampleId)),
    point: placeOf(tbs, point),
    keyId: placeOf(tbs, createHash('sha1').update(point).digest()),
  };
  const key = createECDH('prime256v1');
  const signing = createPrivateKey(issuer.privateKeyPem);
  return (deviceId, number) => {
    if (deviceId.length !== sampleId.length || number.length !== serialBytes)
      throw new Error(`${deviceId} or its serial number has another length than the sample's`);
    const made = Buffer.from(tbs);
    const own = key.generateKeys();
    number.copy(made, places.serial);
    made.write(deviceId, places.name);
    own.copy(made, places.point);
    createHash('sha1').update(own).digest().copy(made, places.keyId);
    const signature = sign('sha256', made, signing);
    return toPem('CERTIFICATE', sequence(made, algorithm, bitString(signature)));
  };
}

function publicPoint({ keys }: Authority): Buffer {
  return publicKeyDer(keys).subarray(-pointBytes);
}

function placeOf(tbs: Buffer, part: Buffer): number {
  const place = tbs.indexOf(part);
  if (place < 0 || tbs.includes(part, place + 1)) throw new Error('the sample does not hold it exactly once');
  return place;
}

/**
 * 16 octets; the bytes after the first are spread over all that there are, so that looking for them leads to everywhere
 * in a list.
 */
export function serialOf(family: number, certificate: number): Buffer {
  const serial = Buffer.alloc(16, 0x11);
  serial.writeUInt32BE(0x0100_0000 + ((Math.imul(certificate, 0x9e37_79b1) >>> 0) % 0x7e00_0000), 0);
  serial[4] = family;
  serial.writeUInt32BE(certificate, 12);
  return serial;
}
