import { judgeCredential } from '../../../identity/judge.ts';
import { lintPath } from '../../../identity/lint.ts';
import { isSelfIssued, nameText } from '../../../identity/name.ts';
import { buildPaths } from '../../../identity/path-build.ts';
import { keyWeakness } from '../../../identity/strength.ts';
import { indexTrust } from '../../../identity/trust-index.ts';
import type { Certificate, TrustSet } from '../../../identity/types.ts';
import { refusal, validateCertificate, type Refusal } from '../../../identity/validate.ts';
import { formatInstant, type EpochMs } from '../../../lib/clock.ts';
import { reasonOf, type VerdictRemark } from '../judge.ts';
import { showExtensions, type ShownExtension } from './extensions.ts';
import { showIdentities, type ShownIdentity } from './identities.ts';

/** What is known besides the certificate itself. */
export interface ShowContext {
  /** The configured CAs, where there is a configuration. */
  readonly trust?: TrustSet;
  /** Every certificate of the call. */
  readonly known: readonly Certificate[];
  readonly now: EpochMs;
}

export interface ShownChain {
  /** Name of the configured anchor that the certificate chains to now; null where it chains to none. */
  readonly anchor: string | null;
  /** Subjects, this certificate first; of the best path tried where none holds. */
  readonly path: readonly string[];
  readonly reasons: readonly VerdictRemark[];
}

/** A certificate as we see it. */
export interface ShownCertificate {
  readonly subject: string;
  readonly issuer: string;
  readonly serial: string;
  readonly fingerprint: string;
  readonly ca: boolean;
  readonly validity: {
    readonly not_before: string;
    readonly not_after: string;
    readonly state: 'not_yet_valid' | 'valid' | 'expired';
    /** Share of its life that has passed, 0 to 1; null for one without end (99991231235959Z). */
    readonly life_used: number | null;
    readonly left_ms: number;
  };
  readonly key: {
    readonly algorithm: string;
    readonly curve: string | null;
    readonly bits: number | null;
    readonly digest: string;
    readonly weakness: string | null;
  };
  readonly signature_algorithm: string;
  readonly extensions: readonly ShownExtension[];
  readonly identities: readonly ShownIdentity[];
  readonly lint: readonly VerdictRemark[];
  /** Null without a configuration. */
  readonly chain: ShownChain | null;
}

/** RFC 5280 section 4.1.2.5: no well-defined end, as IDevIDs have it. */
const noEnd = Date.UTC(9999, 11, 31, 23, 59, 59);

/** Describes one certificate, with the path that it has to the configured anchors at `now`. */
export function showCertificate(certificate: Certificate, context: ShowContext): ShownCertificate {
  const path = findPath(certificate, context);
  const { subject, issuer, serial, fingerprint, key } = certificate;
  return {
    subject: nameText(subject),
    issuer: nameText(issuer),
    serial,
    fingerprint,
    ca: certificate.basicConstraints?.ca === true,
    validity: validityOf(certificate, context.now),
    key: {
      algorithm: key.algorithm,
      curve: key.curve ?? null,
      bits: key.bits ?? null,
      digest: certificate.keyDigest,
      weakness: keyWeakness(key) ?? null,
    },
    signature_algorithm: certificate.signatureAlgorithm.oid,
    extensions: showExtensions(certificate),
    identities: showIdentities(path.certificates, context.trust),
    lint: lintPath(path.certificates).filter((one) => one.certificate === 0),
    chain: context.trust === undefined ? null : path.chain,
  };
}

function validityOf({ notBefore, notAfter }: Certificate, now: EpochMs): ShownCertificate['validity'] {
  const share = (now - notBefore) / Math.max(1, notAfter - notBefore);
  return {
    not_before: formatInstant(notBefore),
    not_after: formatInstant(notAfter),
    state: now < notBefore ? 'not_yet_valid' : now > notAfter ? 'expired' : 'valid',
    life_used: notAfter >= noEnd ? null : Math.round(Math.min(1, Math.max(0, share)) * 1000) / 1000,
    left_ms: notAfter - now,
  };
}

interface FoundPath {
  readonly certificates: readonly Certificate[];
  readonly chain: ShownChain;
}

/** The path to a configured anchor, or as much as the certificates of the call give. */
function findPath(certificate: Certificate, { trust, known, now }: ShowContext): FoundPath {
  if (trust === undefined) return noPath(certificate, [], pathAmong(certificate, known, now));
  const own = trust.anchors.find((anchor) => anchor.certificate.fingerprint === certificate.fingerprint);
  if (own !== undefined) return foundPath([certificate], own.name);
  return certificate.basicConstraints?.ca === true
    ? findCaPath(certificate, trust, known, now)
    : findDevicePath(certificate, trust, known, now);
}

/** The path to a root among the certificates of the call, for profiles that read CAs too; empty if none holds. */
function pathAmong(leaf: Certificate, known: readonly Certificate[], at: EpochMs): readonly Certificate[] {
  const { valid, path } = validateCertificate({
    leaf,
    intermediates: known,
    anchors: known.filter((one) => one !== leaf && isSelfIssued(one)),
    at,
  });
  return valid ? path : [];
}

/** A device's path as a decision takes it, by the rules of the anchor where it ends. */
function findDevicePath(
  leaf: Certificate,
  trust: TrustSet,
  known: readonly Certificate[],
  now: EpochMs,
): FoundPath {
  const built = buildPaths(leaf, known, indexTrust(trust));
  const { path, findings } = judgeCredential({ leaf, ...built, identityFindings: [] }, now);
  return path === undefined
    ? noPath(leaf, findings.map(refusal), built.paths[0]?.certificates)
    : foundPath(path.certificates, path.anchor.name);
}

/** A CA's path: that of a certificate for no particular purpose. */
function findCaPath(
  ca: Certificate,
  trust: TrustSet,
  known: readonly Certificate[],
  now: EpochMs,
): FoundPath {
  const { valid, path, reasons } = validateCertificate({
    leaf: ca,
    intermediates: [...trust.intermediates.map(({ certificate }) => certificate), ...known],
    anchors: trust.anchors.map(({ certificate }) => certificate),
    at: now,
  });
  const last = path.at(-1)?.fingerprint;
  const anchor = trust.anchors.find(({ certificate }) => certificate.fingerprint === last);
  return valid && anchor ? foundPath(path, anchor.name) : noPath(ca, reasons, path);
}

function foundPath(certificates: readonly Certificate[], anchor: string): FoundPath {
  const path = certificates.map(({ subject }) => nameText(subject));
  return { certificates, chain: { anchor, path, reasons: [] } };
}

function noPath(
  certificate: Certificate,
  reasons: readonly Refusal[],
  tried: readonly Certificate[] = [],
): FoundPath {
  const chain = {
    anchor: null,
    path: tried.map(({ subject }) => nameText(subject)),
    reasons: reasons.map((one) => reasonOf(one.code, one.message, one.certificate)),
  };
  return { certificates: tried.length > 0 ? tried : [certificate], chain };
}
