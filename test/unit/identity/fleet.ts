import { createRoot, issueCa, issueLeaf, selfSignLeaf } from '../../../src/ca/index.ts';
import type { Authority, CaOptions, LeafOptions } from '../../../src/ca/index.ts';
import { parseCertificate } from '../../../src/identity/parse.ts';
import { buildPaths, type BuiltPaths } from '../../../src/identity/path-build.ts';
import { buildTrustSet } from '../../../src/identity/trust.ts';
import { indexTrust } from '../../../src/identity/trust-index.ts';
import type { ProfileSettings, TrustSet } from '../../../src/identity/types.ts';
import type { PresentedCredential } from '../../../src/context/types.ts';
import { sha256Hex } from '../../../src/lib/bytes.ts';
import { der } from '../lib/der/encode.ts';

/** The time at which the tests' certificates are in the middle of their lives. */
export const now = Date.UTC(2026, 10, 21, 12);
const day = 86_400_000;

/** A life around `now`, for roots, issuing CAs and leaves. */
export const lives = {
  root: { notBefore: now - 1000 * day, notAfter: now + 1000 * day },
  ca: { notBefore: now - 100 * day, notAfter: now + 100 * day },
  leaf: { notBefore: now - 10 * day, notAfter: now + 10 * day },
};

export function root(o: Partial<CaOptions> = {}): Promise<Authority> {
  return createRoot({ subject: 'CN=Fleet Root,O=Example', ...lives.root, ...o });
}

export function ca(parent: Authority, o: Partial<CaOptions> = {}): Promise<Authority> {
  return issueCa(parent, { subject: 'CN=Issuing,O=Example', ...lives.ca, ...o });
}

export function leaf(parent: Authority, o: Partial<LeafOptions> = {}): Promise<Authority> {
  return issueLeaf(parent, { subject: 'CN=meter-1', ...lives.leaf, ...o });
}

export function selfSigned(o: Partial<LeafOptions> = {}): Promise<Authority> {
  return selfSignLeaf({ subject: 'CN=press-7,O=Example', ...lives.leaf, ...o });
}

/** A trust set of these anchors (named anchor-0, …) and intermediates (ca-0, …). */
export function trustOf(
  anchors: readonly Authority[],
  intermediates: readonly Authority[] = [],
  o: { profile?: ProfileSettings; allowSha1?: boolean; pinned?: readonly Authority[] } = {},
): TrustSet {
  const { pinned = [] } = o;
  return buildTrustSet({
    anchors: [...anchors, ...pinned].map((one, i) => ({
      name: `anchor-${i}`,
      certificate: one.der,
      profile: o.profile ?? { kind: 'cn' },
      revocation: { required: !pinned.includes(one), graceMs: 0 },
      allowSha1: o.allowSha1 ?? false,
      pinned: pinned.includes(one),
    })),
    intermediates: intermediates.map((one, i) => ({ name: `ca-${i}`, certificate: one.der })),
  });
}

/** Builds paths for a leaf with what it sent. */
export function build(trust: TrustSet, one: Authority, ...sent: readonly Authority[]): BuiltPaths {
  return buildPaths(
    parseCertificate(one.der),
    sent.map((certificate) => parseCertificate(certificate.der)),
    indexTrust(trust),
  );
}

/** The codes of what was found, in order. */
export function codes({ findings }: Pick<BuiltPaths, 'findings'>): string[] {
  return findings.map((finding) => finding.code);
}

/** What the native door presents. */
export function presented(...chain: readonly Uint8Array[]): PresentedCredential {
  return {
    key: sha256Hex(Buffer.concat(chain)),
    source: 'peer_chain',
    material: { form: 'der', chain },
  };
}

/** What Envoy presents. */
export function urlPem(
  text: string,
  source: PresentedCredential['source'] = 'peer_certificate',
): PresentedCredential {
  return { key: sha256Hex(text), source, material: { form: 'url_pem', text } };
}

/** Bytes of `dotted` as an OBJECT IDENTIFIER; arcs below 2^21. */
export function oid(dotted: string): Buffer {
  const [first, second, ...rest] = dotted.split('.').map(Number) as [number, number, ...number[]];
  const arcs = [first * 40 + second, ...rest].flatMap((arc) => {
    const septets = [arc & 0x7f];
    for (let left = arc >> 7; left > 0; left >>= 7) septets.unshift(0x80 | (left & 0x7f));
    return septets;
  });
  return der(0x06, arcs);
}

/** `bytes` with the one occurrence of `from` replaced by `to` of the same length. */
export function patched(bytes: Uint8Array, from: Uint8Array | string, to: Uint8Array | string): Buffer {
  const copy = Buffer.from(bytes);
  const at = copy.indexOf(from);
  if (at < 0 || copy.indexOf(from, at + 1) >= 0) throw new Error('not exactly one occurrence');
  copy.set(Buffer.from(to), at);
  return copy;
}
