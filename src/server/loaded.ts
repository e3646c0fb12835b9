import { pepAnchor } from '../api/pep-authorities.ts';
import { createPepResolver } from '../api/pep.ts';
import type { JudgePath, PepResolver } from '../api/pep.ts';
import type { AnchorConfig, Config, RevocationConfig } from '../config/types.ts';
import { buildTrustSet, trustText } from '../identity/trust.ts';
import type { Certificate, RevocationRules, TrustAnchor, TrustSet } from '../identity/types.ts';
import { sha256Hex } from '../lib/bytes.ts';
import { canonicalJson } from '../lib/canonical-json.ts';
import { PortreeveError } from '../lib/errors.ts';
import { bundleFrom } from '../policy/bundle.ts';
import { createPolicyEngine } from '../policy/engine.ts';
import type { PolicyEngine } from '../policy/types.ts';
import type { NamedAuthority } from '../revocation/coverage.ts';
import type { BundleFile } from './bundles/bundle-file.ts';
import { readCertificates } from './material.ts';
import type { Material } from './material.ts';

/** The CAs of a configuration: those of devices, and those of the PEPs' own certificates. */
export interface Authorities {
  readonly trust: TrustSet;
  readonly pepCas: readonly TrustAnchor[];
}

/** The certificates of all CAs: whose CRLs count. Pinned certificates are none. */
export function crlIssuers({ trust, pepCas }: Authorities): readonly Certificate[] {
  const anchors = trust.anchors.filter(({ pinned }) => !pinned);
  return [...anchors, ...trust.intermediates, ...pepCas].map(({ certificate }) => certificate);
}

/** Every CA under its configured name. */
export function namedAuthorities({
  trust,
  pepCas,
}: Authorities): readonly (NamedAuthority & { readonly certificate: Certificate })[] {
  return [...trust.anchors, ...trust.intermediates, ...pepCas];
}

type Certificates = Material['certificates'];

/** All CAs of a configuration, from bytes or from their files. Throws PDP_CONFIG_INVALID naming the entry. */
export function loadAuthorities(config: Config, read?: Certificates): Authorities {
  return { trust: loadTrust(config, read), pepCas: loadPepCas(config, read) };
}

/**
 * The anchors and intermediates of a configuration, from bytes that were read before or from the files themselves.
 * Throws PDP_CONFIG_INVALID naming the entry or its file.
 */
export function loadTrust(config: Config, read?: Certificates): TrustSet {
  const { anchors, intermediates } = config.trust;
  const certificates =
    read ??
    new Map([
      ...readCertificates('trust anchor', anchors),
      ...readCertificates('intermediate', intermediates),
    ]);
  return buildTrustSet({
    anchors: anchors.map((anchor) => ({
      name: anchor.name,
      certificate: bytesOf(anchor, certificates),
      profile: anchor.profile,
      revocation: rulesOf(anchor.revocation),
      allowSha1: anchor.allow_sha1,
      allowSmallKeys: anchor.allow_small_keys,
      strict: anchor.strict,
      pinned: anchor.pinned,
    })),
    intermediates: intermediates.map((intermediate) => ({
      name: intermediate.name,
      certificate: bytesOf(intermediate, certificates),
    })),
  });
}

/** The CAs of PEPs, from bytes or from their files. Throws PDP_CONFIG_INVALID naming the entry or its file. */
export function loadPepCas(config: Config, read?: Certificates): readonly TrustAnchor[] {
  const certificates = read ?? readCertificates('PEP CA', config.trust.pep_cas);
  return pepCaSources(config, certificates).map(pepAnchor);
}

/** The PEPs of a configuration. `judge` says what speaks against a path by its revocation. Throws PDP_CONFIG_INVALID. */
export function loadPeps(config: Config, certificates: Certificates, judge: JudgePath): PepResolver {
  const cas = pepCaSources(config, certificates);
  // One configured CA may stand below another one that an entry names.
  return createPepResolver({ peps: config.peps, cas, intermediates: cas, judge });
}

/** The policy of a bundle. Throws PDP_BUNDLE_*, PDP_FORMAT_NEWER, naming where it stands. */
export async function loadPolicy(config: Config, bundle: BundleFile): Promise<PolicyEngine> {
  if (!('bytes' in bundle)) throw new PortreeveError(bundle.code, bundle.message);
  const { bytes, origin } = bundle;
  return createPolicyEngine(bundleFrom(bytes, origin.location), {
    classes: config.classes,
    wanted: config.policy,
  });
}

/**
 * RFC 8785 text of all CAs, certificates by fingerprint, with their rules: its SHA-256 is `versions.anchors`. Those of
 * the PEPs are in it because they say who may ask.
 */
export function anchorsText({ trust, pepCas }: Authorities): string {
  return canonicalJson({
    ...(JSON.parse(trustText(trust)) as object),
    pep_cas: pepCas.map(({ name, certificate, revocation }) => ({
      name,
      certificate: certificate.fingerprint,
      revocation,
    })),
  });
}

/** SHA-256 (hex) of `anchorsText`. */
export function anchorsDigest(authorities: Authorities): string {
  return sha256Hex(anchorsText(authorities));
}

function pepCaSources(config: Config, certificates: Certificates) {
  return config.trust.pep_cas.map((ca) => ({
    name: ca.name,
    certificate: bytesOf(ca, certificates),
    revocation: rulesOf(ca.revocation),
  }));
}

function rulesOf({ required, grace, max_age: maxAge }: RevocationConfig): RevocationRules {
  return { required, graceMs: grace, ...(maxAge === null ? {} : { maxAgeMs: maxAge }) };
}

function bytesOf(entry: Pick<AnchorConfig, 'name' | 'file'>, certificates: Certificates): Uint8Array {
  const bytes = certificates.get(entry.file);
  if (bytes) return bytes;
  throw new PortreeveError('PDP_INTERNAL', `the file of "${entry.name}" was not read: ${entry.file}`);
}
