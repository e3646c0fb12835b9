import { sha256Hex, sha256HexOfParts } from '../lib/bytes.ts';
import { xfccHeader } from './check-maps.ts';
import { readForwarded } from './forwarded-credential.ts';
import { limits } from './limits.ts';
import { Refusal } from './refusal.ts';
import type { PresentedCredential, RawConnection } from './types.ts';

/**
 * The certificate that counts, or undefined where none came.
 *
 * A PEP without the right to send `x-forwarded-client-cert`: the certificate of its TLS peer, and the header is no more
 * than a header. A PEP with the right: the header, where it is present, names the device, for the TLS peer is then a
 * proxy (or the same device, whose chain the header also carries); without the header, the TLS peer's certificate. Behind
 * trusted hops, which end TLS themselves, the TLS peer is always a proxy: where nobody wrote of a device, none came.
 */
export function readCredential(raw: RawConnection): PresentedCredential | Refusal | undefined {
  const { may_send_xfcc: sanitises, trusted_hops: hops } = raw.pep;
  const forwarded = sanitises ? raw.headers?.get(xfccHeader) : undefined;
  const peer = raw.certificate?.form === 'url_pem' ? raw.certificate.text : undefined;
  if (forwarded !== undefined) return readForwarded(forwarded, hops, peer);
  if (sanitises && hops > 0 && raw.door === 'ext_authz_http') return undefined;
  if (raw.certificate === undefined) return undefined;
  return raw.certificate.form === 'url_pem'
    ? fromText(raw.certificate.text)
    : fromChain(raw.certificate.chain);
}

function fromText(text: string): PresentedCredential | Refusal | undefined {
  if (text === '') return undefined;
  if (text.length > limits.certificateText) {
    return new Refusal('certificate', `has ${text.length} characters, more than ${limits.certificateText}`);
  }
  // What else may be wrong with it is a finding about the credential, with reasons of its own.
  return { key: sha256Hex(text), source: 'peer_certificate', material: { form: 'url_pem', text } };
}

function fromChain(chain: readonly Uint8Array[]): PresentedCredential | Refusal | undefined {
  const field = 'peer_chain';
  if (chain.length === 0) return undefined;
  if (chain.length > limits.chainLength) {
    return new Refusal(field, `has ${chain.length} certificates, more than ${limits.chainLength}`);
  }
  for (const der of chain) {
    if (der.byteLength === 0) return new Refusal(field, 'has an empty certificate');
    if (der.byteLength > limits.certificateDer)
      return new Refusal(field, 'has a certificate that is too long');
  }
  return { key: sha256HexOfParts(chain), source: 'peer_chain', material: { form: 'der', chain } };
}
