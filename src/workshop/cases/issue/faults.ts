import type { AuthorityWords, CertificateWords, ChainFault } from '../words.ts';
import { otherNamesOnly } from './octets.ts';

/** A certificate whose chain has a fault: other words, and the authorities that only they name. */
export interface Faulty {
  readonly words: CertificateWords;
  readonly authorities?: Readonly<Record<string, AuthorityWords>>;
}

/** A CA below the issuer that is sent along, and what is wrong with it. */
function sentBelow(
  issuer: string,
  name: string,
  words: AuthorityWords,
): { readonly name: string; readonly authority: AuthorityWords } {
  const subject = `CN=${name}`;
  return { name: `${issuer} (${name})`, authority: { under: issuer, subject, configured: false, ...words } };
}

/** What the words of a case become by the fault that they name; `subjectOf` knows the subjects of authorities. */
export function withFault(
  words: CertificateWords,
  issuer: string,
  subjectOf: (authority: string) => string,
): Faulty {
  const { fault, ...rest } = words;
  const plain = { ...rest, issuer };
  const through = (
    one: { readonly name: string; readonly authority: AuthorityWords },
    sends = true,
  ): Faulty => ({
    words: { ...plain, issuer: one.name, ...(sends && { sends: [one.name, ...(words.sends ?? [])] }) },
    authorities: { [one.name]: one.authority },
  });
  switch (fault) {
    case 'unknown_issuer':
      return through({ name: 'stranger', authority: { subject: 'CN=Stranger', configured: false } }, false);
    case 'foreign_issuer':
      return through(
        { name: `${issuer} (foreign)`, authority: { subject: subjectOf(issuer), configured: false } },
        false,
      );
    case 'missing_intermediate':
      return through(sentBelow(issuer, 'Missing CA', {}), false);
    case 'issuer_expired':
      return through(sentBelow(issuer, 'Expired CA', { not_after: '-1h' }));
    case 'issuer_not_ca':
      return through(sentBelow(issuer, 'No CA', { ca: false }));
    case 'issuer_key_usage':
      return through(sentBelow(issuer, 'Unsigning CA', { key_usage: ['cRLSign'] }));
    case 'name_constraints':
      return through(
        sentBelow(issuer, 'Constrained CA', {
          extensions: [{ oid: '2.5.29.30', critical: true, value: otherNamesOnly }],
        }),
      );
    case 'path_too_long': {
      const upper = sentBelow(issuer, 'Shallow CA', { path_length: 0 });
      const lower = sentBelow(upper.name, 'Below Shallow CA', {});
      return {
        words: { ...plain, issuer: lower.name, sends: [lower.name, upper.name, ...(words.sends ?? [])] },
        authorities: { [upper.name]: upper.authority, [lower.name]: lower.authority },
      };
    }
    case 'weak_hash':
      return { words: { ...plain, hash: 'SHA-1' } };
    case 'weak_key':
      return { words: { ...plain, key: 'rsa-1024' } };
    default:
      return { words: plain };
  }
}

/** What is done to the bytes of a certificate. */
export function damaged(der: Uint8Array, fault: ChainFault | undefined): Uint8Array {
  switch (fault) {
    case 'bad_signature': {
      // The last octet of the signature's last integer: still DER, and another signature.
      const copy = Uint8Array.from(der);
      copy[copy.length - 1] = (copy[copy.length - 1] as number) ^ 1;
      return copy;
    }
    case 'truncated':
      return der.subarray(0, der.length - 20);
    case 'trailing_byte':
      return Uint8Array.of(...der, 0);
    case 'not_a_certificate':
      return Buffer.from('30030101ff', 'hex');
    default:
      return der;
  }
}
