/**
 * What is known of an attestation token. Verification of EAR tokens comes with the issue that brings
 * attestation; until then a presented token is `unverified`, which satisfies no requirement.
 */
export interface AttestationFact {
  readonly status: 'none' | 'unverified';
  /** SHA-256 (hex) of the token. */
  readonly digest: string | null;
}
