import type { CredentialFacts } from '../../decision/types.ts';

/** Who issued a certificate, where that is known: a name of the configuration. */
export function issuerOf({ issuer, anchor }: CredentialFacts): string {
  return issuer ?? anchor ?? 'devices';
}
