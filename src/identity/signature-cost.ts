import type { PublicKeyInfo } from './types.ts';

/** Beyond it, verification takes several times as long as by a usual key. */
const usualRsaBits = 4096;

/**
 * What verifying one signature counts, in signatures by a usual key (P-256, RSA up to 4096 bits, EdDSA, ML-DSA): a chain
 * may be made of the slowest keys there are. By what OpenSSL takes, P-384 and P-521 are far apart from P-256, which has
 * code of its own.
 */
export function signatureCost({ algorithm, bits = 0 }: PublicKeyInfo): number {
  if (algorithm === 'rsa' || algorithm === 'rsa-pss') return bits > usualRsaBits ? 2 : 1;
  if (algorithm !== 'ec' || bits <= 256) return 1;
  return bits <= 384 ? 2 : 4;
}
