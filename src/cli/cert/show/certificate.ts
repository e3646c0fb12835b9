import { lintPath } from '../../../identity/lint.ts';
import { nameText } from '../../../identity/name-text.ts';
import { keyWeakness } from '../../../identity/strength.ts';
import type { Certificate, TrustSet } from '../../../identity/types.ts';
import { validateCertificate } from '../../../identity/validate.ts';
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

/** The path to a configured anchor, or as much as the certificates of the call give. */
function findPath(
  certificate: Certificate,
  { trust, known, now }: ShowContext,
): { readonly certificates: readonly Certificate[]; readonly chain: ShownChain } {
  const anchors = trust?.anchors ?? [];
  const own = anchors.find((anchor) => anchor.certificate.fingerprint === certificate.fingerprint);
  if (own !== undefined) {
    const chain = { anchor: own.name, path: [nameText(certificate.subject)], reasons: [] };
    return { certificates: [certificate], chain };
  }
  const result = validateCertificate({
    leaf: certificate,
    intermediates: [...(trust?.intermediates ?? []).map((one) => one.certificate), ...known],
    anchors: anchors.map((anchor) => anchor.certificate),
    at: now,
  });
  const last = result.path.at(-1);
  const anchor = anchors.find((one) => one.certificate.fingerprint === last?.fingerprint);
  const chain = {
    anchor: result.valid ? (anchor?.name ?? null) : null,
    path: result.path.map(({ subject }) => nameText(subject)),
    reasons: result.reasons.map((one) => reasonOf(one.code, one.message, one.certificate)),
  };
  return { certificates: result.path.length > 0 ? result.path : [certificate], chain };
}
