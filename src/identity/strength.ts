import type { PublicKeyInfo } from './types.ts';

/** NIST SP 800-57 part 1, table 2: 112 bits of security. */
const minRsaBits = 2048;
/** What an anchor may let through by name, for devices that cannot be replaced. */
const smallRsaBits = 1024;
/** Verification time grows with the modulus; nothing honest is longer. */
const maxRsaBits = 8192;

/** Why a key is too weak, or not of a kind that this program uses; undefined for a key that is strong enough. */
export function keyWeakness(key: PublicKeyInfo, allowSmallKeys = false): string | undefined {
  switch (key.algorithm) {
    case 'unsupported':
      return 'unsupported key algorithm, curve or parameters';
    case 'rsa':
    case 'rsa-pss': {
      const bits = key.bits ?? 0;
      const least = allowSmallKeys ? smallRsaBits : minRsaBits;
      if (bits < least) return `RSA key of ${bits} bits, at least ${least}`;
      return bits > maxRsaBits ? `RSA key of ${bits} bits, at most ${maxRsaBits}` : undefined;
    }
    case 'ec':
    case 'ed25519':
    case 'ed448':
    case 'ml-dsa-44':
    case 'ml-dsa-65':
    case 'ml-dsa-87':
      return undefined;
  }
}
