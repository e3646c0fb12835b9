import { canonicalJson } from '../lib/canonical-json.ts';
import { sha256Hex } from '../lib/bytes.ts';
import { describeThrown, PortreeveError } from '../lib/errors.ts';
import { decodePem, looksLikePem } from '../lib/pem.ts';
import { isSelfIssued } from './name.ts';
import { parseCertificate } from './parse.ts';
import { signedBy } from './signature-memo.ts';
import { keyWeakness } from './strength.ts';
import type { Certificate, ProfileSettings, RevocationRules, TrustAnchor, TrustSet } from './types.ts';
import { verifySignature } from './verify-signature.ts';

/** Anchors and intermediates as configured; `certificate` holds the bytes of the file, PEM or DER. */
export interface TrustSources {
  readonly anchors: readonly {
    readonly name: string;
    readonly certificate: Uint8Array;
    readonly profile: ProfileSettings;
    readonly revocation: RevocationRules;
    readonly allowSha1: boolean;
    readonly allowSmallKeys?: boolean;
    readonly strict?: boolean;
    readonly pinned?: boolean;
  }[];
  readonly intermediates: readonly { readonly name: string; readonly certificate: Uint8Array }[];
}

/**
 * Compiles the configured CAs and pinned certificates. Throws PDP_CONFIG_INVALID, naming the entry, for bytes that are
 * not exactly one certificate, for one that has too weak a key, for a CA that is none, for a pinned certificate that is
 * a CA, did not sign itself or is asked for a CRL, for a name given twice, and for one key under two anchors: it would be open which of
 * them names the device.
 */
export function buildTrustSet(sources: TrustSources): TrustSet {
  const anchors = sources.anchors.map((source): TrustAnchor => ({
    name: source.name,
    certificate: source.pinned ? readPinned(source) : readCa('trust anchor', source, source.allowSmallKeys),
    profile: source.profile,
    revocation: source.revocation,
    allowSha1: source.allowSha1,
    allowSmallKeys: source.allowSmallKeys ?? false,
    strict: source.strict ?? false,
    // Only where it is so: the digest of sets without such anchors stays as it is.
    ...(source.pinned && { pinned: true }),
  }));
  const smallKeys = sources.anchors.some((anchor) => anchor.allowSmallKeys);
  const intermediates = sources.intermediates.map((source) => ({
    name: source.name,
    certificate: readCa('intermediate', source, smallKeys),
  }));
  refuseSharedNames([...anchors, ...intermediates]);
  refuseSharedKeys(anchors);
  return { anchors, intermediates, digest: sha256Hex(trustText({ anchors, intermediates })) };
}

function readCa(
  role: string,
  source: { readonly name: string; readonly certificate: Uint8Array },
  allowSmallKeys = false,
): Certificate {
  const certificate = readFile(role, source);
  if (certificate.basicConstraints?.ca !== true)
    throw refused(role, source.name, 'the certificate is not a CA');
  refuseWeakKey(role, source.name, certificate, allowSmallKeys);
  return certificate;
}

/** A device's own certificate. One that a CA issued would be trusted without anyone asking that CA. */
function readPinned(source: TrustSources['anchors'][number]): Certificate {
  const role = 'trust anchor';
  const certificate = readFile(role, source);
  if (certificate.basicConstraints?.ca === true)
    throw refused(role, source.name, 'the certificate is a CA, which cannot be pinned');
  refuseWeakKey(role, source.name, certificate, source.allowSmallKeys ?? false);
  if (source.revocation.required)
    throw refused(role, source.name, 'revocation is required, but no CRL can be about a pinned certificate');
  if (!isSelfIssued(certificate) || verifySignature(signedBy(certificate, certificate), 'verify') !== 'valid')
    throw refused(role, source.name, 'the certificate is pinned and did not sign itself');
  return certificate;
}

function refuseWeakKey(role: string, name: string, { key }: Certificate, allowSmallKeys: boolean): void {
  const weakness = keyWeakness(key, allowSmallKeys);
  if (weakness !== undefined) throw refused(role, name, weakness);
}

function readFile(
  role: string,
  source: { readonly name: string; readonly certificate: Uint8Array },
): Certificate {
  try {
    return parseCertificate(onlyCertificate(source.certificate));
  } catch (cause) {
    throw refused(role, source.name, describeThrown(cause), cause);
  }
}

function onlyCertificate(file: Uint8Array): Uint8Array {
  if (!looksLikePem(file)) return file;
  const text = new TextDecoder('utf-8', { fatal: true }).decode(file);
  const [certificate] = decodePem(text, 'CERTIFICATE', 1);
  if (certificate === undefined) throw new PortreeveError('PDP_INPUT_MALFORMED', 'PEM without a certificate');
  return certificate;
}

function refuseSharedNames(entries: readonly { readonly name: string }[]): void {
  const seen = new Set<string>();
  for (const { name } of entries) {
    if (seen.has(name)) throw refused('trust', name, 'two entries have this name');
    seen.add(name);
  }
}

function refuseSharedKeys(anchors: readonly TrustAnchor[]): void {
  const owners = new Map<string, string>();
  for (const { name, certificate, pinned } of anchors) {
    // A pinned certificate counts as its very bytes, so that the renewed one may stand beside the one it replaces.
    const own = pinned ? certificate.fingerprint : certificate.keyDigest;
    const key = `${own} ${certificate.subject.key}`;
    const owner = owners.get(key);
    if (owner !== undefined) throw refused('trust anchor', name, `"${owner}" has the same name and key`);
    owners.set(key, name);
  }
}

function refused(role: string, name: string, problem: string, cause?: unknown): PortreeveError {
  return new PortreeveError('PDP_CONFIG_INVALID', `${role} "${name}": ${problem}`, { cause });
}

/** RFC 8785 text of what the trust set says, certificates by fingerprint: its SHA-256 is the set's `digest`. */
export function trustText(set: Pick<TrustSet, 'anchors' | 'intermediates'>): string {
  return canonicalJson({
    anchors: set.anchors.map((anchor) => ({ ...anchor, certificate: anchor.certificate.fingerprint })),
    intermediates: set.intermediates.map(({ name, certificate }) => ({
      name,
      certificate: certificate.fingerprint,
    })),
  });
}
