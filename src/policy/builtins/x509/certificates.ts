import { builtinLimits, within } from '../limits.ts';
import { OperandError, textAt } from '../operands.ts';
import type { BuiltinTable } from '../types.ts';
import type { RegoValue } from '../value.ts';
import { DerReader } from '../../../lib/der/reader.ts';
import { certificateValue } from './certificate.ts';

export const certificateBuiltins: BuiltinTable = {
  'crypto.x509.parse_certificates': (args) => parseCertificates(textAt(args, 0)),
};

/**
 * Certificates in PEM, or in base64 of DER (several one after the other) or of PEM, as objects with the fields of Go's
 * x509.Certificate. Read strictly (X.690): what Go tolerates beyond that is undefined here. Throws OperandError.
 */
function parseCertificates(text: string): RegoValue {
  within(text.length, builtinLimits.documentCharacters, 'characters of certificates');
  const der = text.startsWith('-----BEGIN') ? derOfPem(text) : derOfBase64(text);
  const reader = new DerReader(der);
  const found: RegoValue[] = [];
  while (!reader.done) found.push(certificateValue(reader.next()));
  return found;
}

function derOfBase64(text: string): Buffer {
  const plain = text.replace(/[\r\n]/g, '');
  if (plain.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(plain)) throw new OperandError('no base64');
  const bytes = Buffer.from(plain, 'base64');
  return bytes.subarray(0, 10).toString('latin1') === '-----BEGIN'
    ? derOfPem(bytes.toString('latin1'))
    : bytes;
}

/** The blocks' contents; what is between blocks does not count, any other block than a certificate is refused. */
function derOfPem(text: string): Buffer {
  const blocks = [...text.matchAll(/-----BEGIN ([^\r\n-]+)-----\r?\n([^-]*)-----END \1-----/g)];
  if (blocks.some(([, type]) => type !== 'CERTIFICATE'))
    throw new OperandError('a block that is no certificate');
  return Buffer.concat(blocks.map(([, , body = '']) => Buffer.from(body.replace(/^.*:.*$/gm, ''), 'base64')));
}
