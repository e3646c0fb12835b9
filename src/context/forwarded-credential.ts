import { sha256Hex } from '../lib/bytes.ts';
import { limits } from './limits.ts';
import { Refusal } from './refusal.ts';
import { checkText } from './text.ts';
import type { PresentedCredential } from './types.ts';
import { parseXfcc } from './xfcc.ts';
import type { XfccElement } from './xfcc.ts';

const field = 'x-forwarded-client-cert';

/**
 * The device's certificate from a header that the PEP is trusted to sanitise.
 *
 * A sanitised header has at most one element for each trusted hop and one for the PEP itself, each hop appending what
 * it saw to the right; the first is then the one that the outermost trusted proxy wrote about the device. More elements
 * mean that nobody sanitised: a refusal, because the first would be the device's own word. With fewer, the first may be
 * the PEP's own about the hop before it, which saw no certificate of a device: it is the one of the PEP's TLS peer (`peer`,
 * URL-encoded PEM, where the PEP tells it), and no device's. Undefined then.
 */
export function readForwarded(
  header: string,
  trustedHops: number,
  peer?: string,
): PresentedCredential | Refusal | undefined {
  const malformed = checkText(field, header, limits.xfccText);
  if (malformed) return malformed;
  const elements = parseXfcc(header);
  if (elements instanceof Refusal) return elements;
  if (elements.length > trustedHops + 1) {
    return new Refusal(
      field,
      `has ${elements.length} elements, more than the trusted proxies write: not sanitised`,
    );
  }
  const read = credentialOf(elements[0] as XfccElement);
  if (read instanceof Refusal || elements.length > trustedHops || peer === undefined) return read;
  const leaf = leafHash(read.material.text);
  return leaf !== undefined && leaf === leafHash(peer) ? undefined : read;
}

type Forwarded = PresentedCredential & { readonly material: { readonly form: 'url_pem' } };

function credentialOf(element: XfccElement): Forwarded | Refusal {
  const { cert, chain, hash } = element;
  const text = chain ?? cert;
  if (text === undefined || text === '') {
    return new Refusal(field, 'carries neither Cert nor Chain, so that nothing can be verified');
  }
  if (text.length > limits.certificateText)
    return new Refusal(field, 'carries a certificate that is too long');
  if (cert !== undefined && chain !== undefined && !chain.startsWith(cert)) {
    return new Refusal(field, 'carries a Chain that does not begin with its Cert');
  }
  // A device's own names stand unquoted after the Hash that the proxy wrote: a Cert smuggled in through them differs.
  if (hash !== undefined && hash.toLowerCase() !== leafHash(text)) {
    return new Refusal(field, 'carries a Hash that is not its certificate’s');
  }
  return { key: sha256Hex(text), source: 'xfcc', material: { form: 'url_pem', text } };
}

/** SHA-256 (hex) of the first PEM block's bytes; undefined where there is none. Base64 is judged by the identity room. */
function leafHash(text: string): string | undefined {
  let pem: string;
  try {
    pem = decodeURIComponent(text);
  } catch {
    return undefined;
  }
  const block = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/.exec(pem);
  return block ? sha256Hex(Buffer.from(block[1] as string, 'base64')) : undefined;
}
