import type { Certificate } from '../types.ts';

/** The URIs among a certificate's alternative names, in their order. */
export function uriNames(certificate: Certificate): string[] {
  return certificate.subjectAltNames.flatMap((name) => (name.kind === 'uri' ? [name.value] : []));
}
