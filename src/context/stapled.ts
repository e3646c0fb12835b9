import { limits } from './limits.ts';
import { Refusal } from './refusal.ts';
import type { RawConnection } from './types.ts';

/** The OCSP response that came with the certificate; what is in it is read where revocation is judged. */
export function readStapled({ stapledOcsp, certificate }: RawConnection): Uint8Array | Refusal | undefined {
  if (stapledOcsp === undefined || stapledOcsp.byteLength === 0) return undefined;
  if (certificate === undefined) return new Refusal('stapled_ocsp', 'came without a certificate');
  if (stapledOcsp.byteLength <= limits.stapledOcsp) return stapledOcsp;
  return new Refusal('stapled_ocsp', `is longer than ${limits.stapledOcsp} bytes`);
}
