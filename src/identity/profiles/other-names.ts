import type { Certificate } from '../types.ts';

/** The values (DER) of a certificate's alternative names of one otherName kind, in their order. */
export function otherNames(certificate: Certificate, oid: string): Uint8Array[] {
  return certificate.subjectAltNames.flatMap((name) =>
    name.kind === 'other' && name.oid === oid ? [name.value] : [],
  );
}
