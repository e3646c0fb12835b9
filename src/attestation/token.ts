import { sha256Hex } from '../lib/bytes.ts';
import type { AttestationFact } from './types.ts';

/**
 * What a presented attestation token says about the device: so far only that it was presented. A token that
 * nobody verified is `unverified` and satisfies no requirement; its text is untrusted and goes no further.
 */
export function attestationFact(token: string | undefined): AttestationFact {
  if (token === undefined) return { digest: null, status: 'none' };
  return { digest: sha256Hex(token), status: 'unverified' };
}
