import { canonicalJson } from '../lib/canonical-json.ts';
import { sha256Hex } from '../lib/bytes.ts';
import { describeThrown, PortreeveError } from '../lib/errors.ts';
import { decodePem, looksLikePem } from '../lib/pem.ts';
import { parseCertificate } from './parse.ts';
import { keyWeakness } from './strength.ts';
import type { Certificate, ProfileSettings, RevocationRules, TrustAnchor, TrustSet } from './types.ts';

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
  }[];
  readonly intermediates: readonly { readonly name: string; readonly certificate: Uint8Array }[];
}

/**
 * Compiles the configured CAs. Throws PDP_CONFIG_INVALID, naming the entry, for bytes that are not exactly one
 * certificate, for one that is no CA or has too weak a key, for a name given twice, and for one key under two anchors:
 * it would be open which of them names the device.
 */
export function buildTrustSet(sources: TrustSources): TrustSet {
  const anchors = sources.anchors.map((source): TrustAnchor => ({
    name: source.name,
    certificate: readCa('trust anchor', source, source.allowSmallKeys),
    profile: source.profile,
    revocation: source.revocation,
    allowSha1: source.allowSha1,
    allowSmallKeys: source.allowSmallKeys ?? false,
    strict: source.strict ?? false,
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
  const weakness = keyWeakness(certificate.key, allowSmallKeys);
  if (certificate.basicConstraints?.ca !== true)
    throw refused(role, source.name, 'the certificate is not a CA');
  if (weakness !== undefined) throw refused(role, source.name, weakness);
  return certificate;
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
  for (const { name, certificate } of anchors) {
    const key = `${certificate.keyDigest} ${certificate.subject.key}`;
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
